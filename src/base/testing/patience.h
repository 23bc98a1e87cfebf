// kPatience: how long a test waits for what must come. For tests.
//
// Far over what the slowest build takes on a machine that is busy with others: only what never comes fails.
#pragma once

#include "base/clock.h"

namespace tidemill::testing {

inline constexpr Duration kPatience = Minutes(2);

}  // namespace tidemill::testing
