// LiveTriggers: what the triggers of one table tell us of, as PostgreSQL's catalog describes them. They are
// made by a function in the database (schema.h).
//
// A table whose changes tell no values has one trigger, tidemill_live, for all that is written; one whose
// changes do has three more, each with the rows that its statement has touched, and the columns as arguments.
// Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::queries::live {

struct LiveTriggers {
  enum class State : std::uint8_t {
    kNone,      // there are none
    kOthers,    // of ours some are missing, or disabled; or one of our name is another's
    kComplete,  // whatever is written is told
  };
  State state = State::kNone;
  bool always = false;               // also what is written with session_replication_role = replica
  std::vector<std::string> columns;  // sorted: those that all of them tell the values of

  // A line for each trigger that is ours, or has our name: whether it is ours (1 or 0), tgenabled, tgtype,
  // whether it fires for all statements, has the rows as they were, and as they are now (1 or 0), and its
  // arguments, each followed by "\000", where its function tells of these columns; bytes beyond ASCII are
  // written "\303", a backslash twice.
  static LiveTriggers Parse(std::string_view lines);
};

// A table tells the values of at most so many columns.
inline constexpr std::size_t kKeyColumnsMax = 8;

}  // namespace tidemill::queries::live
