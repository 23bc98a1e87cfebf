// What SQLite refuses, as sql::Failure: its result codes by kind, and the names that its messages hold.
//
// Result codes are SQLite's extended ones (sqlite.org/rescode.html). Functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sql/failure.h"

struct sqlite3;

namespace tidemill::sqlite {

// In which step it failed: the same code means other things there.
enum class Step : std::uint8_t { kPrepare, kRun, kCommit };

// "SQLITE_CONSTRAINT_UNIQUE"; "SQLITE_ERROR" for what is not known.
std::string CodeName(int code);
sql::FailureKind KindOf(int code, Step step, std::string_view message);

// The names in the message of a violated constraint. SQLite writes them without quotes, so a name that holds
// ". " or ", " is cut there.
struct ConstraintNames {
  std::string constraint;  // of a CHECK: its name or its expression; of an expression's index: its name
  std::string table;
  std::string column;  // several are separated by ", "
};
ConstraintNames ParseConstraint(std::string_view message);

// The position in characters from 1 of a byte offset; 0 if it is negative or outside of the text.
std::uint32_t PositionOf(std::string_view text, int byte_offset);

// The failure of the last call on `db`, which gave `code`. `text` is that of the statement.
sql::Failure FailureOf(sqlite3* db, int code, Step step, std::string_view text = {});

}  // namespace tidemill::sqlite
