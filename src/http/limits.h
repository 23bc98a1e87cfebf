// What a server takes from a client at most, in bytes, counts and time.
#pragma once

#include <cstddef>

#include "base/clock.h"

namespace tidemill::http {

struct ServerLimits {
  Duration headers_timeout = Seconds(10);  // from a request's first byte to the end of its headers; absolute
  Duration body_timeout = Seconds(30);     // from the end of headers; absolute
  Duration keep_alive_timeout = Seconds(75);  // between requests
  std::size_t request_line_bytes_max = 8 * 1024;
  std::size_t header_count_max = 100;
  std::size_t header_bytes_max = 32 * 1024;
  std::size_t body_bytes_max = 4 * 1024 * 1024;
};

}  // namespace tidemill::http
