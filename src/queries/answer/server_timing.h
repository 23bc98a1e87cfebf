// Server-Timing (W3C): where the time of a request went, for a browser's developer tools.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tidemill::queries {

struct Timing {
  std::string_view name;  // a token: "db"
  std::int64_t micros = 0;
};

// "auth;dur=0.1, db;dur=12.3": milliseconds.
std::string ServerTiming(std::span<const Timing> timings);

}  // namespace tidemill::queries
