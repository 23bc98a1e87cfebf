// links: http
// Responses that a server we ask might send: no crash, no body over the limit. Byte 0: whether an upgrade was
// asked for, and the size of the pieces.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/response_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr std::size_t kBodyBytesMax = 500;
  using Body = tidemill::http::ResponseParser::Body;
  tidemill::http::ResponseParser parser(kBodyBytesMax, (data[0] & 1) != 0 ? Body::kUpgrade : Body::kAsFramed);
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = 1 + data[0];
  while (!rest.empty()) {
    const auto complete = parser.Feed(rest.substr(0, piece));
    if (!complete) return 0;
    if (*complete) break;
    rest.remove_prefix(rest.size() < piece ? rest.size() : piece);
  }
  if (rest.empty() && !parser.End()) return 0;
  if (parser.Take().body.size() > kBodyBytesMax) std::abort();
  return 0;
}
