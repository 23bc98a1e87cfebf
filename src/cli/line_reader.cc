#include "cli/line_reader.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tidemill::cli {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;

bool IsBlank(std::string_view text) { return text.find_first_not_of(" \t\r") == text.npos; }

}  // namespace

Result<std::vector<Line>> LineReader::Next() {
  std::vector<Line> lines;
  std::size_t bytes = 0;
  while (lines.size() < limits_.lines && bytes < limits_.bytes) {
    if (Line line; CutLine(line)) {
      if (IsBlank(line.text)) continue;
      bytes += line.text.size();
      lines.push_back(std::move(line));
      continue;
    }
    if (ended_ || (!lines.empty() && !MoreIsThere())) break;
    if (Result<void> read = Read(); !read) {
      if (lines.empty()) return std::unexpected(std::move(read).error());
      break;  // Next() meets it again
    }
  }
  return lines;
}

bool LineReader::CutLine(Line& line) {
  std::size_t end = buffer_.find('\n', std::max(begin_, searched_));
  searched_ = buffer_.size();
  if (end == buffer_.npos) {
    if (!ended_ || begin_ == buffer_.size()) return false;
    end = buffer_.size();  // the last line needs no end
  }
  line = {.number = ++number_, .text = buffer_.substr(begin_, end - begin_)};
  begin_ = std::min(end + 1, buffer_.size());
  searched_ = begin_;
  return true;
}

bool LineReader::MoreIsThere() const {
  pollfd waited{.fd = fd_, .events = POLLIN, .revents = 0};
  return poll(&waited, 1, 0) > 0;
}

Result<void> LineReader::Read() {
  buffer_.erase(0, std::exchange(begin_, 0));
  searched_ = buffer_.size();
  if (buffer_.size() > limits_.line_bytes) {
    return Fail(Errc::kLimitExceeded,
                fmt::format("line {} is longer than {} bytes", number_ + 1, limits_.line_bytes));
  }
  const std::size_t before = buffer_.size();
  buffer_.resize(before + kPieceBytes);
  ssize_t got = -1;
  do {
    got = read(fd_, buffer_.data() + before, kPieceBytes);
  } while (got < 0 && errno == EINTR);
  buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got < 0) return Fail(Errc::kInternal, fmt::format("standard input: {}", std::strerror(errno)));
  ended_ = got == 0;
  return {};
}

}  // namespace tidemill::cli
