// LineReader: the lines of a file descriptor, as many at a time as have come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace tidemill::cli {

struct Line {
  std::uint64_t number = 0;  // from 1 on
  std::string text;          // without its end
};

class LineReader {
 public:
  struct Limits {
    std::size_t lines = 1000;        // of one batch
    std::size_t bytes = 256 * 1024;  // of one batch; a single line may be longer
    std::size_t line_bytes = 16 * 1024 * 1024;
  };

  explicit LineReader(int fd, Limits limits) : fd_(fd), limits_(limits) {}

  // Waits for a line, and gives it with those that are there already; empty at the end. Blank lines are left
  // out, but have their numbers. kLimitExceeded: a line is too long; kInternal: the descriptor cannot be
  // read. Lines before those are given first.
  Result<std::vector<Line>> Next();

 private:
  bool CutLine(Line& line);
  bool MoreIsThere() const;
  Result<void> Read();

  const int fd_;
  const Limits limits_;
  std::string buffer_;
  std::size_t begin_ = 0;     // of what was not given yet
  std::size_t searched_ = 0;  // no line ends before
  std::uint64_t number_ = 0;  // of the last line
  bool ended_ = false;
};

}  // namespace tidemill::cli
