#include "jobs/limits/settings.h"

#include "config/section.h"

namespace tidemill::jobs {
namespace {

constexpr std::int64_t kTimeoutMax = 31 * 24 * 3600;  // s

constexpr config::Row<ThrottleSettings> kThrottle[] = {
    {"concurrency",
     config::Of<&ThrottleSettings::concurrency>,
     {.doc = "Faktory's: jobs of the queue that run at once; 0: no limit.", .max = kUnitsMax}},
    {"worker",
     config::Of<&ThrottleSettings::worker>,
     {.doc = "Faktory's: jobs of the queue that each worker has at once; 0: no limit.", .max = kUnitsMax}},
    {"timeout",
     config::Of<&ThrottleSettings::timeout>,
     {.doc = "Faktory's, in seconds: a job that runs longer counts no more; 0: until it ends.",
      .max = kTimeoutMax}},
};

}  // namespace

QueueLimits LimitsOf(const ThrottleSettings& settings) {
  return {.concurrency = static_cast<int>(settings.concurrency),
          .worker_concurrency = static_cast<int>(settings.worker),
          .rate = {},
          .key = {},
          .key_rate = {},
          .hold_for = Seconds(settings.timeout)};
}

config::NamedTables<ThrottleSettings> ThrottleTables() {
  return {.key = "throttles",
          .noun = "throttled queue",
          .example_name = "bulk",
          .section = {.rows = kThrottle},
          .tables_max = 10'000,
          .written = config::Written::kByName};
}

}  // namespace tidemill::jobs
