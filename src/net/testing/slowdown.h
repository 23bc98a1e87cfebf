// kSlowdown: how many times as long a turn may take in this build as in one without a sanitizer. For tests.
#pragma once

#include <cstdint>

namespace tidemill::net::testing {

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr std::int64_t kSlowdown = 20;
#else
inline constexpr std::int64_t kSlowdown = 1;
#endif

}  // namespace tidemill::net::testing
