// links: http
// What a header says of a client is an address or nothing: the peer's own where the peer is no proxy, and
// never that of a Unix socket. An element that is appended by a proxy decides, whatever stands before it.
#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.h"
#include "http/forwarded.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tidemill;
  const std::string value(reinterpret_cast<const char*>(data), size);
  static const auto proxies = *net::Networks::Parse(std::vector<std::string>{"10.0.0.0/8", "fd00::/8"});
  static const auto proxy = *net::IpAddress::Parse("10.0.0.1");
  static const auto other = *net::IpAddress::Parse("192.0.2.7");
  for (const char* name : {"X-Forwarded-For", "Forwarded"}) {
    const std::vector<http::HeaderView> headers = {{name, value}};
    constexpr auto kEither = http::ForwardedHeader::kEither;
    TM_ASSERT(http::ClientAddress(headers, other, proxies, kEither) == other);
    TM_ASSERT(http::ClientAddress(headers, proxy, proxies, kEither) != net::IpAddress{});
    // Each proxy adds a header or an element of its own behind what it got.
    const std::string own = name[0] == 'X' ? "192.0.2.7" : "for=192.0.2.7";
    const std::string line = value + ", " + own;
    for (const auto& appended : {std::vector<http::HeaderView>{{name, value}, {name, own}},
                                 std::vector<http::HeaderView>{{name, line}}}) {
      TM_ASSERT(http::ClientAddress(appended, proxy, proxies, kEither) == other);
    }
  }
  return 0;
}
