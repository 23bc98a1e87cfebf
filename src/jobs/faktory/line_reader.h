// LineReader: a client's bytes in, its lines out, read where they lie.
//
// A line that is whole in the bytes at hand is not copied; the others are collected as they come. Lines end
// with LF or CRLF (some clients send LF alone). Without I/O; one thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace tidemill::faktory {

inline constexpr std::size_t kLineBytesMax = 16 << 20;  // of a PUSHB of thousands of jobs

class LineReader {
 public:
  explicit LineReader(std::size_t line_bytes_max = kLineBytesMax) : line_bytes_max_(line_bytes_max) {}

  // `bytes` are read by Next until it gives nothing; only then may they go, and more come.
  void Feed(std::string_view bytes);
  // The next line, without its end; nullopt when there is no whole one. The view holds until the next call.
  // kLimitExceeded: a line is longer than the limit; the connection cannot go on.
  Result<std::optional<std::string_view>> Next();
  // The line that Next gave last, as a string of its own: one that was collected is not copied.
  std::string TakeLine(std::string_view line);
  // What of the fed bytes was not read: the caller keeps it, and feeds it again before anything else.
  std::string_view TakeRest() { return std::exchange(rest_, {}); }
  // From the next line on.
  void Limit(std::size_t line_bytes_max) { line_bytes_max_ = line_bytes_max; }
  // The memory that is held, of lines that had to be collected.
  std::size_t bytes_kept() const { return BytesOf(partial_) + BytesOf(line_); }

 private:
  // Short strings stand in the reader itself.
  static std::size_t BytesOf(const std::string& text) {
    return text.capacity() == std::string().capacity() ? 0 : text.capacity();
  }
  static std::string_view WithoutEnd(std::string_view line);

  std::size_t line_bytes_max_;
  std::string_view rest_;  // of what was fed
  std::string partial_;    // the beginning of a line
  std::string line_;       // the line that Next gave last, where it had to be collected
};

}  // namespace tidemill::faktory
