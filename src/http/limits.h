// What a server takes from a client at most, in bytes, counts and time.
#pragma once

#include <cstddef>

#include "base/clock.h"

namespace tidemill::http {

struct ServerLimits {
  // From a request's first byte to the end of its headers; absolute. A new connection's first byte, with the
  // TLS handshake before it, must come within as much.
  Duration headers_timeout = Seconds(10);
  // From the end of headers, absolute; of a body that its handler reads while it arrives, for each
  // BodyReader::kProgressBytes of it.
  Duration body_timeout = Seconds(30);
  Duration keep_alive_timeout = Seconds(75);  // between requests
  // Until a client has taken what was sent to it, or of a body that is made while it is sent, what waits;
  // absolute.
  Duration answer_timeout = Seconds(30);
  std::size_t request_line_bytes_max = 8 * 1024;
  std::size_t header_count_max = 100;
  std::size_t header_bytes_max = 32 * 1024;
  std::size_t body_bytes_max = 4 * 1024 * 1024;
  // Of a body that its handler reads while it arrives (Handler::reads_body), which has its own limit; what
  // says that it is longer is refused by whomever it is for. 0: no handler does.
  std::size_t streamed_body_bytes_max = 0;
};

}  // namespace tidemill::http
