#include "cli/http_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace tidemill::cli {
namespace {

constexpr std::size_t kHeadBytesMax = 64 * 1024;
constexpr std::size_t kBodyBytesMax = 16 * 1024 * 1024;
constexpr Duration kWait = Seconds(10);

std::unexpected<Error> NotHttp() {
  return Fail(Errc::kInvalidArgument, "the answer is not HTTP; is this the address of the server?");
}

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

Result<HttpHead> ParseHead(std::string_view text) {
  HttpHead head;
  const std::size_t line_end = text.find("\r\n");
  const std::string_view line = text.substr(0, line_end);
  if (!line.starts_with("HTTP/1.") || line.size() < 12) return NotHttp();
  if (std::from_chars(line.data() + 9, line.data() + 12, head.status).ptr != line.data() + 12)
    return NotHttp();
  for (std::size_t at = line_end; at != text.npos && at + 2 < text.size();) {
    const std::size_t end = text.find("\r\n", at + 2);
    const std::string_view field = text.substr(at + 2, end == text.npos ? end : end - at - 2);
    const std::size_t colon = field.find(':');
    if (colon == field.npos) return NotHttp();
    head.headers.emplace_back(Lower(field.substr(0, colon)), Trim(field.substr(colon + 1)));
    at = end;
  }
  return head;
}

Result<void> ReadMore(Connection& connection, Duration wait, std::string& into) {
  char piece[16 * 1024];
  TM_TRY_ASSIGN(const std::size_t got, connection.Read(piece, wait));
  into.append(piece, got);
  return {};
}

Result<std::string> ReadSized(Connection& connection, std::size_t bytes, std::string received) {
  if (bytes > kBodyBytesMax) return Fail(Errc::kLimitExceeded, "the answer is too long");
  while (received.size() < bytes) TM_TRY(ReadMore(connection, kWait, received));
  received.resize(bytes);
  return received;
}

// RFC 9112 section 7.1. Extensions and trailers are passed over.
Result<std::string> ReadChunked(Connection& connection, std::string received) {
  std::string body;
  while (true) {
    std::size_t line_end = 0;
    while ((line_end = received.find("\r\n")) == received.npos) {
      if (received.size() > kHeadBytesMax) return NotHttp();
      TM_TRY(ReadMore(connection, kWait, received));
    }
    std::size_t bytes = 0;
    const auto read = std::from_chars(received.data(), received.data() + line_end, bytes, 16);
    if (read.ec != std::errc{}) return NotHttp();
    if (bytes == 0) return body;
    if (bytes > kBodyBytesMax - body.size()) return Fail(Errc::kLimitExceeded, "the answer is too long");
    while (received.size() < line_end + 2 + bytes + 2) TM_TRY(ReadMore(connection, kWait, received));
    body.append(received, line_end + 2, bytes);
    received.erase(0, line_end + 2 + bytes + 2);
  }
}

Result<std::string> ReadToEnd(Connection& connection, std::string received) {
  while (received.size() <= kBodyBytesMax) {
    const Result<void> more = ReadMore(connection, kWait, received);
    if (!more && more.error().code == Errc::kClosed) return received;
    if (!more) return std::unexpected(more.error());
  }
  return Fail(Errc::kLimitExceeded, "the answer is too long");
}

Result<std::string> ReadBody(Connection& connection, const HttpHead& head, std::string received) {
  if (const auto coding = head.Header("transfer-encoding"); coding && Lower(*coding) == "chunked") {
    return ReadChunked(connection, std::move(received));
  }
  const auto length = head.Header("content-length");
  if (!length) return ReadToEnd(connection, std::move(received));
  std::size_t bytes = 0;
  if (std::from_chars(length->data(), length->data() + length->size(), bytes).ec != std::errc{})
    return NotHttp();
  return ReadSized(connection, bytes, std::move(received));
}

}  // namespace

std::optional<std::string_view> HttpHead::Header(std::string_view lower_case_name) const {
  const auto found =
      std::ranges::find(headers, lower_case_name, [](const auto& header) { return header.first; });
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

Result<HttpHead> ReadHead(Connection& connection, Duration wait, std::string& rest) {
  std::string received;
  while (true) {
    TM_TRY(ReadMore(connection, wait, received));
    if (const std::size_t end = received.find("\r\n\r\n"); end != received.npos) {
      rest = received.substr(end + 4);
      return ParseHead(std::string_view(received).substr(0, end));
    }
    if (received.size() > kHeadBytesMax) return Fail(Errc::kLimitExceeded, "the answer's head is too long");
  }
}

Result<HttpAnswer> PostJson(const Endpoint& endpoint, std::string_view path, std::string_view api_key,
                            std::string_view body) {
  TM_TRY_ASSIGN(const std::unique_ptr<Connection> connection, Connection::Open(endpoint, {}));
  std::string request = fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n"
      "Connection: close\r\n",
      path, endpoint.HostHeader(), body.size());
  if (!api_key.empty()) request += fmt::format("X-API-Key: {}\r\n", api_key);
  request.append("\r\n").append(body);
  TM_TRY(connection->Write(request, kWait));
  std::string rest;
  TM_TRY_ASSIGN(const HttpHead head, ReadHead(*connection, kWait, rest));
  TM_TRY_ASSIGN(std::string answer, ReadBody(*connection, head, std::move(rest)));
  return HttpAnswer{.status = head.status, .body = std::move(answer)};
}

}  // namespace tidemill::cli
