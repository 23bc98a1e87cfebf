// Server: one place where a PostgreSQL is: a host and a port, or a Unix socket.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace tidemill::postgres {

struct Server {
  // A name or an IP address; or, when it begins with "/", the folder of a Unix socket.
  std::string host;
  std::string ip;  // not empty: connected to in place of the name, which TLS still checks
  std::uint16_t port = 5432;

  bool is_unix() const { return host.starts_with('/'); }
  std::string unix_path() const { return host + "/.s.PGSQL." + std::to_string(port); }

  // "db.example:5432", "[::1]:5432", "/run/postgresql/.s.PGSQL.5432"
  std::string ToString() const;
  friend auto operator<=>(const Server&, const Server&) = default;
};

}  // namespace tidemill::postgres
