// Where a Redis is and how to talk to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tidemill::net {
class TlsContext;
}

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

// What holds for each connection; immutable.
struct ConnectionOptions {
  Credentials credentials;
  std::uint32_t db = 0;
  std::string client_name = "tidemill";   // shown by CLIENT LIST
  std::shared_ptr<net::TlsContext> tls;   // null: plaintext
  Duration connect_timeout = Seconds(1);  // name, TCP, TLS and AUTH together
  Duration io_timeout = Seconds(4);       // a command without an answer for so long ends its connection
  Duration probe_interval = Seconds(1);   // of silence, after which a PING asks whether it is still there
  Duration reconnect_delay_min = Milliseconds(50);
  Duration reconnect_delay_max =
      Seconds(2);                            // the longest pause between attempts; each is drawn from 0 to it
  std::size_t commands_max = 65536;          // in flight and queued, per connection
  std::size_t queued_bytes_max = 64u << 20;  // not yet taken by the kernel, per connection
  std::size_t reply_bytes_max = 256u << 20;  // of one reply
};

// "redis://[[user][:password]@]host[:port][/db]", "rediss://…" (TLS), "unix:///path[?db=N]", "host[:port]".
// Percent-escapes in user and password are decoded.
struct Address {
  Endpoint endpoint;
  Credentials credentials;  // only what the address says
  std::uint32_t db = 0;
  bool has_db = false;
  bool tls = false;
  // kInvalidArgument says what is wrong, without the password.
  static Result<Address> Parse(std::string_view text);
};

}  // namespace tidemill::redis
