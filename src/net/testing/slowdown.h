// kSanitized: whether this build has a sanitizer, which is slow and keeps what was freed. kSlowdown: how many
// times as long a turn may take in it. kTurnMax: µs of CPU that one may take, in a debug build. For tests.
#pragma once

#include <cstdint>

#include "net/turn_meter.h"

namespace tidemill::net::testing {

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
inline constexpr std::int64_t kSlowdown = kSanitized ? 20 : 1;
inline constexpr Micros kTurnMax = TurnMeter::kLong * 4 * kSlowdown;

}  // namespace tidemill::net::testing
