// What becomes of a job that failed. Pure: the clock and the random number come from the caller. Any thread.
#pragma once

#include <cstdint>
#include <span>

#include "base/clock.h"
#include "jobs/job/job.h"

namespace tidemill::job {

inline constexpr Duration kRetryDelayMax = Hours(24 * 366);

// How long the retry after `retry_count` earlier ones waits: Faktory's count⁴ + 15 + rand(0..29)·(count + 1)
// seconds; 25 of them take about 21 days. With a schedule: its entry, the last one for all that follow, and
// up to a tenth more, so that what failed together does not come back together. At most kRetryDelayMax.
Duration RetryDelay(std::int64_t retry_count, std::span<const Duration> schedule, std::uint64_t random);

enum class AfterFailure : std::uint8_t {
  kRetry,    // at the failure's next_at
  kDead,     // kept, and run again only when somebody asks
  kDiscard,  // gone
};
// Counts the failure into `job.failure`.
AfterFailure Fail(Job& job, ErrorReport error, WallTime now, std::uint64_t random);

// The number of the attempt that comes next, or is under way; 1: the first.
int AttemptOf(const Job& job);

// How long a worker may keep the job: what it asked for, within kReserveMin and kReserveMax.
Duration Reservation(const Job& job);

}  // namespace tidemill::job
