// links: http
// Responses that a server we ask might send: no crash, no body over the limit.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/response_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr std::size_t kBodyBytesMax = 500;
  tidemill::http::ResponseParser parser(kBodyBytesMax);
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
