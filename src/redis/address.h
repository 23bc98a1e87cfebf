// Address: where a Redis is, as it is written in the settings.
//
//   host, host:port, [::1]:6379
//   redis://[[user][:password]@]host[:port][/db]        rediss://… the same over TLS
//   unix://[[user][:password]@]/path[?db=N]
//
// Bytes of user and password that would end them are written as %XX.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::redis {

// One server.
struct Endpoint {
  std::string host;  // a name or an IP address
  std::uint16_t port = 6379;
  std::string unix_path;  // not empty: a Unix socket, and host and port are unused

  std::string ToString() const;  // "10.0.0.7:6379", "[::1]:6379", "/run/redis.sock"
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

struct Credentials {
  std::string user;      // "": the default user
  std::string password;  // "": no AUTH
  friend bool operator==(const Credentials&, const Credentials&) = default;
};

struct Address {
  Endpoint endpoint;
  Credentials credentials;  // only what the address says
  std::uint32_t db = 0;
  bool has_db = false;  // whether the address says it
  bool tls = false;

  // kInvalidArgument says what is wrong without quoting the address: a password may be in it.
  static Result<Address> Parse(std::string_view text);

  friend bool operator==(const Address&, const Address&) = default;
};

}  // namespace tidemill::redis
