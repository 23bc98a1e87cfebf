// Where to listen and who connected.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::net {

// An IPv6 address, IPv4 as ::ffff:a.b.c.d; all zero for a Unix socket's peer.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  static Result<IpAddress> Parse(std::string_view text);
  std::string ToString() const;  // "10.0.0.7", "2001:db8::1", "unix"
  bool IsIpv4() const;
  bool IsLoopback() const;
  // Loopback, private, link-local, unique-local, unspecified: where an outgoing request must not go unasked.
  bool IsLocalOrPrivate() const;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

struct SocketAddress {
  IpAddress ip;
  std::uint16_t port = 0;

  std::string ToString() const;  // "10.0.0.7:80", "[2001:db8::1]:80"
  friend bool operator==(const SocketAddress&, const SocketAddress&) = default;
};

// "127.0.0.1:8000", "[::1]:8000", ":8000" (all addresses), "unix:/run/tidemill.sock". Port 0: any free one.
struct ListenAddress {
  SocketAddress tcp;
  std::string unix_path;  // not empty: a Unix socket, and `tcp` is unused

  static Result<ListenAddress> Parse(std::string_view text);
  std::string ToString() const;
};

}  // namespace tidemill::net
