// Instants as tests write them: "2026-03-29 01:30:00", in UTC.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace tidemill::cron::testing {

// Aborts where `text` is not of that form.
WallTime Utc(std::string_view text);
// Milliseconds are shown where there are some.
std::string Text(WallTime at);

}  // namespace tidemill::cron::testing
