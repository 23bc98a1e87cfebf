// How to talk to a Redis.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "redis/address.h"

namespace tidemill::net {
class TlsContext;
}

namespace tidemill::redis {

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

}  // namespace tidemill::redis
