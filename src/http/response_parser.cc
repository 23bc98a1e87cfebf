#include "http/response_parser.h"

#include <algorithm>

#include "http/grammar.h"
#include "http/message.h"

namespace tidemill::http {
namespace {

constexpr std::size_t kHeadBytesMax = 32 * 1024;
constexpr std::size_t kChunkLineBytesMax = 1024;

std::unexpected<Error> NotHttp(const char* why) {
  return Fail(Errc::kInvalidArgument, std::string("malformed response: ") + why);
}

}  // namespace

Result<bool> ResponseParser::Feed(std::string_view bytes) {
  input_ += bytes;
  while (!head_done_) {
    const std::size_t end = input_.find("\r\n\r\n");
    if (end == std::string::npos) {
      if (input_.size() > kHeadBytesMax) return Fail(Errc::kLimitExceeded, "response headers too long");
      return false;
    }
    TM_TRY(ParseHead(std::string_view(input_).substr(0, end + 2)));
    input_.erase(0, end + 4);
    // 1xx come before the real response.
    head_done_ = response_.status >= 200;
    if (!head_done_) response_ = {};
  }
  return ReadBody();
}

Result<bool> ResponseParser::End() {
  if (!head_done_) return NotHttp("it ends before its headers do");
  if (chunked_ || has_length_) return NotHttp("it ends before its body does");
  response_.body = std::move(input_);
  return true;
}

Result<void> ResponseParser::ParseHead(std::string_view head) {
  std::size_t end = head.find("\r\n");
  const std::string_view status = head.substr(0, end);
  const bool shaped =
      status.size() >= 12 && (status.starts_with("HTTP/1.1 ") || status.starts_with("HTTP/1.0 "));
  const auto code = shaped ? ParseDecimal(status.substr(9, 3)) : std::nullopt;
  if (!code || *code < 100 || *code > 599) return NotHttp("status line");
  response_.status = static_cast<int>(*code);
  for (head.remove_prefix(end + 2); !head.empty(); head.remove_prefix(end + 2)) {
    end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) return NotHttp("header name");
    const std::string_view value = TrimBlanks(line.substr(colon + 1));
    if (!IsFieldValue(value)) return NotHttp("header value");
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (name == "content-length") {
      const auto length = ParseDecimal(value);
      if (!length || has_length_) return NotHttp("Content-Length");
      has_length_ = true;
      length_ = *length;
    }
    if (name == "transfer-encoding") {
      if (!EqualIgnoringCase(value, "chunked")) return NotHttp("Transfer-Encoding");
      chunked_ = true;
    }
    response_.headers.emplace_back(std::move(name), std::string(value));
  }
  if (chunked_ && has_length_) return NotHttp("Content-Length beside Transfer-Encoding");
  if (response_.status == 204 || response_.status == 304) has_length_ = true;
  return {};
}

Result<bool> ResponseParser::ReadBody() {
  if (chunked_) return ReadChunks();
  if (std::max(length_, input_.size()) > body_bytes_max_)
    return Fail(Errc::kLimitExceeded, "response too large");
  if (!has_length_ || input_.size() < length_) return false;
  response_.body = input_.substr(0, length_);
  return true;
}

Result<bool> ResponseParser::ReadChunks() {
  for (;;) {
    const std::size_t end = input_.find("\r\n");
    if (end == std::string::npos) {
      if (input_.size() > kChunkLineBytesMax) return NotHttp("chunk line");
      return false;
    }
    if (last_chunk_) {
      // Trailers are read past and dropped.
      input_.erase(0, end + 2);
      if (end == 0) return true;
      continue;
    }
    const auto size = ParseHex(std::string_view(input_).substr(0, std::min(end, input_.find(';'))));
    if (!size) return NotHttp("chunk size");
    if (*size > body_bytes_max_ || response_.body.size() + *size > body_bytes_max_) {
      return Fail(Errc::kLimitExceeded, "response too large");
    }
    if (*size == 0) {
      last_chunk_ = true;
      input_.erase(0, end + 2);
      continue;
    }
    if (input_.size() < end + 2 + *size + 2) return false;
    if (input_.compare(end + 2 + *size, 2, "\r\n") != 0) return NotHttp("chunk end");
    response_.body.append(input_, end + 2, *size);
    input_.erase(0, end + 2 + *size + 2);
  }
}

}  // namespace tidemill::http
