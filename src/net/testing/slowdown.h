// kSanitized: whether this build has a sanitizer, which is slow and keeps what was freed. kSlowdown: how many
// times as long a turn may take in it. For tests.
#pragma once

#include <cstdint>

namespace tidemill::net::testing {

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
inline constexpr std::int64_t kSlowdown = kSanitized ? 20 : 1;

}  // namespace tidemill::net::testing
