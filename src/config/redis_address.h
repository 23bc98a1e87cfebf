// RedisAddress: where a Redis is, as it is written in the settings.
//
//   host, host:port, [::1]:6379
//   redis://[[user][:password]@]host[:port][/db]        rediss://… the same over TLS
//   unix://[[user][:password]@]/path[?db=N]
//
// Bytes of user and password that would end them are written as %XX.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidemill::config {

struct RedisAddress {
  std::string host;  // a name or an IP address, without brackets
  std::uint16_t port = 6379;
  std::string unix_path;  // not empty: a Unix socket, and host and port are unused
  std::string user;
  std::string password;
  std::uint32_t db = 0;
  bool has_db = false;  // whether the address says it
  bool tls = false;

  // kInvalidArgument says what is wrong without quoting the address: a password may be in it.
  static Result<RedisAddress> Parse(std::string_view text);

  friend bool operator==(const RedisAddress&, const RedisAddress&) = default;
};

// The text of an address with "***" for its password.
std::string MaskPassword(std::string_view text);

}  // namespace tidemill::config
