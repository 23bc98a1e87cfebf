#include "jobs/faktory/line_reader.h"

#include <fmt/format.h>

#include <utility>

#include "base/assert.h"

namespace tidemill::faktory {

void LineReader::Feed(std::string_view bytes) {
  TM_ASSERT(rest_.empty());
  rest_ = bytes;
}

Result<std::optional<std::string_view>> LineReader::Next() {
  const std::size_t end = rest_.find('\n');
  const std::string_view piece = rest_.substr(0, end);
  // The limit is on the line without its end, of which a CR may be the last byte so far.
  const std::string_view last = piece.empty() ? std::string_view(partial_) : piece;
  const std::size_t bytes = partial_.size() + piece.size() - (last.ends_with('\r') ? 1 : 0);
  if (bytes > line_bytes_max_) {
    return Fail(Errc::kLimitExceeded, fmt::format("a line has at most {} bytes", line_bytes_max_));
  }
  std::string().swap(line_);  // gives the memory of a long line back
  if (end == std::string_view::npos) {
    partial_ += piece;
    rest_ = {};
    return std::nullopt;
  }
  rest_.remove_prefix(end + 1);
  if (partial_.empty()) return WithoutEnd(piece);
  partial_ += piece;
  line_.swap(partial_);
  return WithoutEnd(line_);
}

std::string LineReader::TakeLine(std::string_view line) {
  if (line.data() != line_.data()) return std::string(line);
  std::string taken = std::move(line_);
  line_.clear();
  taken.resize(line.size());
  return taken;
}

std::string_view LineReader::WithoutEnd(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace tidemill::faktory
