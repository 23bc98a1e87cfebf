// Durations as settings and flags write them: "25s", "1m30s", "250ms", "720h".
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace tidemill::config {

// kInvalidArgument says how a duration is written.
Result<Duration> ParseDuration(std::string_view text);
std::string ToString(Duration duration);

}  // namespace tidemill::config
