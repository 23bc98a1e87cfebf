// RateLimitSettings: client.rate_limit, as texts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/section_fwd.h"

namespace tidemill::session {

// Each text is "RATE/INTERVAL", "20/1s"; a kind may have several.
struct RateLimitSettings {
  std::vector<std::string> total;  // of all commands
  std::vector<std::string> usual;  // of each kind that has none of its own
  std::vector<std::string> connect;
  std::vector<std::string> subscribe;
  std::vector<std::string> publish;
  std::vector<std::string> history;
  std::vector<std::string> presence;
  std::vector<std::string> presence_stats;
  std::vector<std::string> refresh;
  std::vector<std::string> sub_refresh;
  std::vector<std::string> rpc;
  std::vector<std::string> rpc_methods;  // "METHOD RATE/INTERVAL", in place of rpc
  friend bool operator==(const RateLimitSettings&, const RateLimitSettings&) = default;
};

// Of a connection, which connects once.
config::Section<RateLimitSettings> ConnectionRateSection();
// Of a user.
config::Section<RateLimitSettings> UserRateSection();

// So many within an interval.
struct RateLimit {
  std::uint32_t rate = 0;  // 1 to 1,000,000
  Duration interval;       // 1 ms to 24 h
};

// "RATE/INTERVAL"; kInvalidArgument says how it is written.
Result<RateLimit> ParseRateLimit(std::string_view text);
// "METHOD RATE/INTERVAL", parted.
Result<std::pair<std::string_view, std::string_view>> ParseMethodLimit(std::string_view text);

}  // namespace tidemill::session
