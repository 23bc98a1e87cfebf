// Problem: what is wrong with a file, where, and what is accepted instead.
//
// A file is read to its end whatever is wrong with it, so that all of its problems are shown at once. Values;
// any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "queries/files/source.h"

namespace tidemill::files {

enum class ProblemKind : std::uint8_t {
  kSyntax,         // the text cannot be read as SQL
  kTag,            // a tag, or its value
  kParameter,      // a :name, or what is said of it
  kContradiction,  // two things that are right by themselves
  kRoute,          // the file's name, or two files with one route
  kFile,           // the file itself: unreadable, no text, a link to elsewhere
  kLimit,          // too large, too many
  kMigration,      // the order of migrations
};
inline constexpr std::size_t kProblemKinds = 8;

// "syntax", "tag" …: as metrics name them.
std::string_view Name(ProblemKind kind);

struct Problem {
  ProblemKind kind = ProblemKind::kSyntax;
  Range where{};        // empty at 0: the file as a whole
  std::string message;  // what is wrong
  std::string hint{};   // what is accepted; may have several lines
};

// Problems of one file, as they are found. What goes beyond a limit is counted only.
class Problems {
 public:
  static constexpr std::size_t kMax = 50;

  void Add(Problem problem);
  void Add(ProblemKind kind, Range where, std::string message, std::string hint = {}) {
    Add(Problem{.kind = kind, .where = where, .message = std::move(message), .hint = std::move(hint)});
  }
  bool empty() const { return found_.empty(); }
  // In the order of the text; the last one says how many more there are.
  std::vector<Problem> Take();

 private:
  std::vector<Problem> found_;
  std::size_t more_ = 0;
};

// "orders.get.sql:3:4: unknown tag @parm", the line with a caret, and the hint; no end of line behind it.
std::string Describe(std::string_view path, std::string_view text, const Problem& problem);
// The same for several of one file, each ends its line.
std::string DescribeAll(std::string_view path, std::string_view text, const std::vector<Problem>& problems);

}  // namespace tidemill::files
