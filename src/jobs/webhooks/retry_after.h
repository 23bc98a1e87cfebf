// The header Retry-After (RFC 9110 section 10.2.3). Any thread.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace tidemill::webhooks {

// How long from `now`: of whole seconds, or until an HTTP date in one of its three forms. Never negative, and
// at most `longest`. nullopt: it is neither.
std::optional<Duration> ParseRetryAfter(std::string_view text, WallTime now, Duration longest);

}  // namespace tidemill::webhooks
