// How long a token of the realtime connection is good.
#pragma once

#include "base/clock.h"

namespace tidemill::accounts {

inline constexpr Duration kTokenTtl = Minutes(10);
// And how long one that has ended is remembered, so that nobody's clock lets it in again.
inline constexpr Duration kEndedTokenKept = Minutes(12);

}  // namespace tidemill::accounts
