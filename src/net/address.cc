#include "net/address.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace tidemill::net {
namespace {

constexpr std::string_view kUnixScheme = "unix:";
constexpr std::size_t kUnixPathMax = sizeof(sockaddr_un{}.sun_path) - 1;

// Networks by prefix; those of IPv4 in their mapped form.
struct Prefix {
  std::array<std::uint8_t, 16> bytes;
  std::size_t bits;
};

constexpr Prefix V4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::size_t bits) {
  return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, 0}, 96 + bits};
}
constexpr Prefix V6(std::uint8_t a, std::uint8_t b, std::size_t bits) { return {{a, b}, bits}; }

constexpr Prefix kLocalOrPrivate[] = {
    V4(0, 0, 0, 8),                     // this network
    V4(10, 0, 0, 8),                    // private
    V4(100, 64, 0, 10),                 // carrier-grade NAT
    V4(127, 0, 0, 8),                   // loopback
    V4(169, 254, 0, 16),                // link-local, cloud metadata
    V4(172, 16, 0, 12),                 // private
    V4(192, 0, 0, 24),                  // protocol assignments
    V4(192, 168, 0, 16),                // private
    V4(198, 18, 0, 15),                 // benchmarking
    V4(224, 0, 0, 4),                   // multicast
    V4(240, 0, 0, 4),                   // reserved, broadcast
    V6(0xfc, 0, 7),                     // unique local
    V6(0xfe, 0x80, 10),                 // link-local
    V6(0xfe, 0xc0, 10),                 // site-local
    V6(0xff, 0, 8),                     // multicast
    {{0, 0x64, 0xff, 0x9b, 0, 1}, 48},  // NAT64 of local use, RFC 8215
    {{}, 127},                          // unspecified and loopback: :: and ::1
};

bool In(const Prefix& prefix, const IpAddress& address) {
  const std::size_t whole = prefix.bits / 8;
  if (!std::equal(prefix.bytes.begin(), prefix.bytes.begin() + whole, address.bytes.begin())) return false;
  const std::size_t left = prefix.bits % 8;
  return left == 0 || ((prefix.bytes[whole] ^ address.bytes[whole]) >> (8 - left)) == 0;
}

IpAddress MapV4(const std::uint8_t* four) {
  IpAddress address;
  address.bytes[10] = address.bytes[11] = 0xff;
  std::memcpy(address.bytes.data() + 12, four, 4);
  return address;
}

// The IPv4 address that a transition mechanism would really send to.
std::optional<IpAddress> EmbeddedV4(const IpAddress& address) {
  constexpr Prefix kCompatible{{}, 96};                   // ::a.b.c.d
  constexpr Prefix kNat64{{0x00, 0x64, 0xff, 0x9b}, 96};  // RFC 6052
  if (In(kCompatible, address) || In(kNat64, address)) {
    return MapV4(address.bytes.data() + 12);
  }
  if (In(V6(0x20, 0x02, 16), address)) return MapV4(address.bytes.data() + 2);  // 6to4, RFC 3056
  return std::nullopt;
}

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::unexpected<Error> BadListenAddress(std::string_view text, std::string_view why) {
  return Fail(Errc::kInvalidArgument, "address \"" + std::string(text) + "\": " + std::string(why) +
                                          "; accepted: \"127.0.0.1:8000\", \"[::1]:8000\", \":8000\", "
                                          "\"unix:/run/tidemill.sock\"");
}

}  // namespace

Result<IpAddress> IpAddress::Parse(std::string_view text) {
  const std::string terminated(text);
  IpAddress address;
  std::uint8_t four[4];
  const bool whole = !text.contains('\0');
  if (whole && inet_pton(AF_INET, terminated.c_str(), four) == 1) return MapV4(four);
  if (whole && inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return Fail(Errc::kInvalidArgument, "\"" + terminated + "\" is not an IP address");
}

bool IpAddress::IsIpv4() const { return In(V4(0, 0, 0, 0), *this); }

std::string IpAddress::ToString() const {
  if (*this == IpAddress{}) return "unix";
  char text[INET6_ADDRSTRLEN];
  const bool v4 = IsIpv4();
  inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data() + (v4 ? 12 : 0), text, sizeof text);
  return text;
}

bool IpAddress::IsLoopback() const {
  constexpr IpAddress kLoopback{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  return *this == kLoopback || In(V4(127, 0, 0, 8), *this);
}

bool IpAddress::IsLocalOrPrivate() const {
  const auto matches = [this](const Prefix& prefix) { return In(prefix, *this); };
  if (std::ranges::any_of(kLocalOrPrivate, matches)) return true;
  const std::optional<IpAddress> embedded = EmbeddedV4(*this);
  return embedded.has_value() && embedded->IsLocalOrPrivate();
}

std::string SocketAddress::ToString() const {
  const std::string host = ip == IpAddress{} ? "::" : ip.ToString();
  return (ip.IsIpv4() ? host : "[" + host + "]") + ":" + std::to_string(port);
}

Result<ListenAddress> ListenAddress::Parse(std::string_view text) {
  ListenAddress address;
  if (text.starts_with(kUnixScheme)) {
    address.unix_path = text.substr(kUnixScheme.size());
    if (address.unix_path.empty()) return BadListenAddress(text, "no path");
    if (address.unix_path.size() > kUnixPathMax || address.unix_path.contains('\0')) {
      return BadListenAddress(text, "a socket path has at most " + std::to_string(kUnixPathMax) + " bytes");
    }
    return address;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return BadListenAddress(text, "no port");
  const std::optional<std::uint16_t> port = ParsePort(text.substr(colon + 1));
  if (!port) return BadListenAddress(text, "the port is a number from 0 to 65535");
  address.tcp.port = *port;

  std::string_view host = text.substr(0, colon);
  if (host.empty()) return address;
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  const Result<IpAddress> ip = IpAddress::Parse(host);
  if (!ip || host.contains(':') != bracketed) return BadListenAddress(text, "the host is not an IP address");
  address.tcp.ip = *ip;
  return address;
}

std::string ListenAddress::ToString() const {
  return unix_path.empty() ? tcp.ToString() : std::string(kUnixScheme) + unix_path;
}

}  // namespace tidemill::net
