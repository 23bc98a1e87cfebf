// JobOutput: what a command writes, as its job keeps it: the lines of its log, its progress, its result, and
// what it said last when it failed.
//
// Bounded: a line of the log is cut, and after so many no more are kept. Without I/O; one thread.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/jobs/child_process.h"

namespace tidemill::cli {

inline constexpr std::size_t kLogLineBytesMax = 1000;
inline constexpr std::size_t kLogLinesMax = 2000;             // of one job
inline constexpr std::size_t kOutputLineBytesMax = 64 << 10;  // what follows in the line is dropped
inline constexpr std::size_t kErrorLinesMax = 50;

struct Progress {
  int percent = 0;
  std::string text;
  friend bool operator==(const Progress&, const Progress&) = default;
};

class JobOutput final : public ChildOutput {
 public:
  void OnOutput(Stream stream, std::string_view bytes) override;
  // Lines that have no end are whole now.
  void End();

  // Lines of both streams that were not taken yet, up to `count`.
  std::vector<std::string> TakeLog(std::size_t count);
  bool has_log() const { return !log_.empty(); }
  bool has_news() const { return has_log() || progress_.has_value(); }
  // The last line "::progress PERCENT TEXT" that was not taken yet; it is not part of the log.
  std::optional<Progress> TakeProgress();

  // The last line of standard output, if it is JSON; else empty.
  std::string Result() const;
  // The last lines of standard error.
  const std::deque<std::string>& errors() const { return errors_; }

 private:
  void Add(Stream stream, std::string_view bytes);
  void EndLine(Stream stream);
  void Log(std::string_view line);

  std::string partial_[2];  // by stream
  std::deque<std::string> log_;
  std::size_t logged_ = 0;
  std::optional<Progress> progress_;
  std::string last_line_;  // of standard output
  std::deque<std::string> errors_;
};

}  // namespace tidemill::cli
