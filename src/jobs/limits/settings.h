// Faktory's [throttles]: limits of queues in the settings.
#pragma once

#include <cstdint>

#include "config/section_fwd.h"
#include "jobs/limits/queue_limits.h"

namespace tidemill::jobs {

// [throttles] QUEUE = {concurrency = 4, timeout = 60}, as Faktory Enterprise reads it.
struct ThrottleSettings {
  std::uint32_t concurrency = 0;
  std::uint32_t worker = 0;
  std::uint32_t timeout = 0;  // s
  friend bool operator==(const ThrottleSettings&, const ThrottleSettings&) = default;
};
QueueLimits LimitsOf(const ThrottleSettings& settings);

config::NamedTables<ThrottleSettings> ThrottleTables();

}  // namespace tidemill::jobs
