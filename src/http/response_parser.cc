#include "http/response_parser.h"

#include <algorithm>

#include "base/ascii.h"
#include "http/grammar.h"

namespace tidemill::http {
namespace {

constexpr std::size_t kHeadBytesMax = 32 * 1024;
constexpr std::size_t kChunkLineBytesMax = 1024;
constexpr std::size_t kOverheadBytesMax = 8 * 1024;
constexpr int kInterimMax = 8;

std::unexpected<Error> NotHttp(const char* why) {
  return Fail(Errc::kInvalidArgument, std::string("malformed response: ") + why);
}

}  // namespace

Result<bool> ResponseParser::Feed(std::string_view bytes) {
  input_ += bytes;
  while (!head_done_) {
    const std::size_t end = input_.find("\r\n\r\n");
    if (std::min(end, input_.size()) > kHeadBytesMax) {
      return Fail(Errc::kLimitExceeded, "response headers too long");
    }
    if (end == std::string::npos) return false;
    TM_TRY(ParseHead(std::string_view(input_).substr(0, end + 2)));
    input_.erase(0, end + 4);
    // 1xx come before the real response.
    head_done_ = response_.status >= 200 || IsUpgraded();
    if (head_done_) break;
    if (++interim_ > kInterimMax) return NotHttp("too many interim responses");
    response_ = {};
  }
  return ReadBody();
}

Result<bool> ResponseParser::End() {
  if (complete_) return true;
  if (!head_done_) return NotHttp("it ends before its headers do");
  if (chunked_ || has_length_) return NotHttp("it ends before its body does");
  response_.body = std::move(input_);
  return true;
}

bool ResponseParser::reusable() const {
  // Of chunks the last, empty line is still there.
  const std::size_t read_bytes = chunked_ ? at_ + 2 : length_;
  return complete_ && !closes_ && input_.size() == read_bytes;
}

Result<void> ResponseParser::ParseHead(std::string_view head) {
  std::size_t end = head.find("\r\n");
  const std::string_view status = head.substr(0, end);
  const bool shaped = status.size() >= 12 &&
                      (status.starts_with("HTTP/1.1 ") || status.starts_with("HTTP/1.0 ")) &&
                      (status.size() == 12 || status[12] == ' ') && IsFieldValue(status);
  const auto code = shaped ? ParseDecimal(status.substr(9, 3)) : std::nullopt;
  // 101 answers only who asked for an upgrade.
  const bool unasked = code == 101u && body_ != Body::kUpgrade;
  if (!code || *code < 100 || *code > 599 || unasked) return NotHttp("status line");
  response_.status = static_cast<int>(*code);
  closes_ = status.starts_with("HTTP/1.0");
  for (head.remove_prefix(end + 2); !head.empty(); head.remove_prefix(end + 2)) {
    end = head.find("\r\n");
    TM_TRY(ParseHeader(head.substr(0, end)));
  }
  return DecideFraming(status.starts_with("HTTP/1.0"));
}

Result<void> ResponseParser::ParseHeader(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) return NotHttp("header name");
  const std::string_view value = TrimBlanks(line.substr(colon + 1));
  if (!IsFieldValue(value)) return NotHttp("header value");
  std::string name = ToLower(line.substr(0, colon));
  if (name == "content-length") {
    const auto length = ParseDecimal(value);
    if (!length || has_length_) return NotHttp("Content-Length");
    has_length_ = true;
    length_ = *length;
  }
  if (name == "connection" && ListsToken(value, "close")) closes_ = true;
  if (name == "transfer-encoding") {
    if (!EqualIgnoringCase(value, "chunked") || chunked_) return NotHttp("Transfer-Encoding");
    chunked_ = true;
  }
  response_.headers.emplace_back(std::move(name), std::string(value));
  return {};
}

// RFC 9112 section 6.3, without its leniency.
Result<void> ResponseParser::DecideFraming(bool http_1_0) {
  if (chunked_ && has_length_) return NotHttp("Content-Length beside Transfer-Encoding");
  if (chunked_ && http_1_0) return NotHttp("Transfer-Encoding in HTTP/1.0");
  const int status = response_.status;
  if (status < 200 && (chunked_ || has_length_)) return NotHttp("an interim response with a body");
  if (body_ == Body::kNone || status == 204 || status == 304) {
    // Whatever they say about length is about another response.
    chunked_ = false;
    has_length_ = true;
    length_ = 0;
  }
  return {};
}

Result<bool> ResponseParser::ReadBody() {
  if (complete_ || IsUpgraded()) return complete_ = true;
  if (chunked_) return ReadChunks();
  if (!has_length_) {
    if (input_.size() > body_bytes_max_) return Fail(Errc::kLimitExceeded, "response too large");
    return false;
  }
  if (length_ > body_bytes_max_) return Fail(Errc::kLimitExceeded, "response too large");
  if (input_.size() < length_) return false;
  response_.body = input_.substr(0, length_);
  return complete_ = true;
}

Result<bool> ResponseParser::ReadChunks() {
  for (;;) {
    const std::size_t before = at_;
    TM_TRY_ASSIGN(complete_, ReadChunk());
    if (complete_) return true;
    if (at_ != before) continue;
    input_.erase(0, std::exchange(at_, 0));
    return false;
  }
}

// Reads past one chunk or one line of the trailers, if it is there; true: that was the end.
Result<bool> ResponseParser::ReadChunk() {
  const std::string_view rest = std::string_view(input_).substr(at_);
  const std::size_t end = rest.find("\r\n");
  if (std::min(end, rest.size()) > kChunkLineBytesMax) return NotHttp("chunk line");
  if (end == std::string_view::npos) return false;
  const std::string_view line = rest.substr(0, end);
  const std::size_t digits = last_chunk_ ? 0 : std::min(end, line.find(';'));
  if (overhead_bytes_ + end - digits > kOverheadBytesMax) return NotHttp("chunk extensions or trailers");
  std::size_t used = end + 2;
  if (last_chunk_) {
    // Trailers are dropped.
    if (end == 0) return true;
  } else {
    const auto size = ParseHex(line.substr(0, digits));
    if (!size) return NotHttp("chunk size");
    if (*size > body_bytes_max_ || response_.body.size() + *size > body_bytes_max_) {
      return Fail(Errc::kLimitExceeded, "response too large");
    }
    last_chunk_ = *size == 0;
    if (!last_chunk_) {
      if (rest.size() < used + *size + 2) return false;
      if (rest.substr(used + *size, 2) != "\r\n") return NotHttp("chunk end");
      response_.body.append(rest, used, *size);
      used += *size + 2;
    }
  }
  overhead_bytes_ += end - digits;
  at_ += used;
  return false;
}

}  // namespace tidemill::http
