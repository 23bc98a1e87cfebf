#include "jobs/job/retry.h"

#include <algorithm>
#include <utility>

namespace tidemill::job {

Duration RetryDelay(std::int64_t retry_count, std::span<const Duration> schedule, std::uint64_t random) {
  if (!schedule.empty()) {
    const auto index = std::min(static_cast<std::size_t>(retry_count), schedule.size() - 1);
    const std::int64_t ms = schedule[index].ms;
    return std::min(
        Milliseconds(ms + static_cast<std::int64_t>(random % (static_cast<std::uint64_t>(ms) / 10 + 1))),
        kRetryDelayMax);
  }
  const std::int64_t count = std::min(retry_count, kRetryMax);
  const std::int64_t seconds =
      count * count * count * count + 15 + static_cast<std::int64_t>(random % 30) * (count + 1);
  return std::min(Seconds(seconds), kRetryDelayMax);
}

AfterFailure Fail(Job& job, ErrorReport error, WallTime now, std::uint64_t random) {
  if (job.failure) {
    ++job.failure->retry_count;
    job.failure->remaining = std::max<std::int64_t>(job.retry - job.failure->retry_count, 0);
  } else {
    job.failure = Failure{.retry_count = 0, .remaining = std::max<std::int64_t>(job.retry, 0)};
  }
  Failure& failure = *job.failure;
  failure.failed_at = now;
  failure.next_at.reset();
  failure.error = Reported(std::move(error));
  if (job.retry == 0) return AfterFailure::kDiscard;
  if (failure.retry_count >= job.retry) return AfterFailure::kDead;
  failure.next_at = now + RetryDelay(failure.retry_count, job.retry_schedule, random);
  return AfterFailure::kRetry;
}

Duration Reservation(const Job& job) { return std::clamp(job.reserve_for, kReserveMin, kReserveMax); }

int AttemptOf(const Job& job) { return job.failure ? static_cast<int>(job.failure->retry_count) + 2 : 1; }

}  // namespace tidemill::job
