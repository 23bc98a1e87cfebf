// links: websocket
// The opening handshake: whatever the headers say, the answer is one well-formed response, and 101 only to a
// request that has all it needs. Each line of the input is a header; one without a colon is passed over.
// end.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "websocket/handshake.h"

namespace {

using tidemill::http::Request;
using tidemill::websocket::AcceptHandshake;

Request Parse(std::string_view text) {
  Request request;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + (line.size() < text.size() ? 1 : 0));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    if (value.find_first_of(std::string_view("\r\0", 2)) != value.npos)
      continue;  // the HTTP parser's business
    request.headers.push_back({.name = line.substr(0, colon), .value = value});
  }
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kOurs[] = {"centrifuge-protobuf", "centrifuge-json"};
  const Request request = Parse({reinterpret_cast<const char*>(data), size});
  const auto handshake = AcceptHandshake(
      request, {.subprotocols = kOurs, .deflate = true, .deflate_window_bits_min = 9, .allowed_origins = {}});
  if (!handshake) {
    const int status = handshake.error().status;
    TM_ASSERT(status == 400 || status == 403 || status == 426);
    return 0;
  }
  TM_ASSERT(handshake->response.starts_with("HTTP/1.1 101 "));
  // One head: nothing of the request's can end it early.
  TM_ASSERT(handshake->response.find("\r\n\r\n") == handshake->response.size() - 4);
  TM_ASSERT(request.Header("Sec-WebSocket-Key").has_value());
  if (handshake->deflate) {
    const int bits = handshake->deflate->server_max_window_bits;
    TM_ASSERT(bits >= 9 && bits <= 15);
  }
  return 0;
}
