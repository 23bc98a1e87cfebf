#include "jobs/job/retry.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::job {
namespace {

constexpr WallTime kNow{1'764'000'000'000};

TEST(RetryDelay, IsFaktorysFormula) {
  EXPECT_EQ(RetryDelay(0, {}, 0), Seconds(15));
  EXPECT_EQ(RetryDelay(0, {}, 29), Seconds(44));
  EXPECT_EQ(RetryDelay(0, {}, 30), Seconds(15));
  EXPECT_EQ(RetryDelay(1, {}, 29), Seconds(1 + 15 + 58));
  EXPECT_EQ(RetryDelay(10, {}, 0), Seconds(10'015));
  std::int64_t total_s = 0;
  for (int count = 0; count < 25; ++count) total_s += RetryDelay(count, {}, 15).ms / 1000;
  EXPECT_EQ(total_s / 86'400, 20);  // "about 21 days"
  EXPECT_EQ(RetryDelay(kRetryMax, {}, 0), kRetryDelayMax);
}

TEST(RetryDelay, FollowsAScheduleWithATenthOfJitter) {
  const Duration schedule[] = {Seconds(10), Minutes(5), Duration{}};
  EXPECT_EQ(RetryDelay(0, schedule, 0), Seconds(10));
  EXPECT_EQ(RetryDelay(0, schedule, 1000), Seconds(11));
  EXPECT_EQ(RetryDelay(0, schedule, 1001), Seconds(10));
  EXPECT_EQ(RetryDelay(1, schedule, 0), Minutes(5));
  EXPECT_EQ(RetryDelay(2, schedule, 12345), Duration{});
  EXPECT_EQ(RetryDelay(999, schedule, 12345), Duration{}) << "the last one stays";
}

TEST(Fail, CountsAsFaktoryDoes) {
  Job job{.jid = "12345678", .type = "T", .retry = 2};
  EXPECT_EQ(Fail(job, {.type = "E", .message = "m", .backtrace = {"l"}}, kNow, 7), AfterFailure::kRetry);
  EXPECT_EQ(job.failure, (Failure{.retry_count = 0,
                                  .remaining = 2,
                                  .failed_at = kNow,
                                  .next_at = kNow + Seconds(15 + 7),
                                  .error = {.type = "E", .message = "m", .backtrace = {"l"}}}));
  EXPECT_EQ(Fail(job, {}, kNow + Seconds(30), 0), AfterFailure::kRetry);
  EXPECT_EQ(job.failure, (Failure{.retry_count = 1,
                                  .remaining = 1,
                                  .failed_at = kNow + Seconds(30),
                                  .next_at = kNow + Seconds(30 + 16),
                                  .error = {.type = "unknown", .message = "unknown", .backtrace = {}}}));
  EXPECT_EQ(Fail(job, {}, kNow + Seconds(60), 0), AfterFailure::kDead);
  EXPECT_EQ(job.failure->retry_count, 2);
  EXPECT_EQ(job.failure->remaining, 0);
  EXPECT_FALSE(job.failure->next_at);
}

TEST(Fail, WithoutRetriesIsGoneAndWithMinusOneIsDead) {
  Job once{.retry = 0};
  EXPECT_EQ(Fail(once, {}, kNow, 0), AfterFailure::kDiscard);
  Job dead{.retry = -1};
  EXPECT_EQ(Fail(dead, {}, kNow, 0), AfterFailure::kDead);
  EXPECT_EQ(dead.failure->remaining, 0);
}

TEST(Reported, CutsAtWholeCharacters) {
  const ErrorReport cut = Reported({.type = std::string(99, 'e') + "\u00e9",
                                    .message = std::string(999, 'm') + "\u00e9",
                                    .backtrace = std::vector<std::string>(60, std::string(2000, 'b'))});
  EXPECT_EQ(cut.type, std::string(99, 'e'));
  EXPECT_EQ(cut.message, std::string(999, 'm'));
  EXPECT_EQ(cut.backtrace,
            std::vector<std::string>(kBacktraceLinesMax, std::string(kBacktraceLineBytesMax, 'b')));
  EXPECT_EQ(Reported({}), (ErrorReport{.type = "unknown", .message = "unknown", .backtrace = {}}));
  EXPECT_EQ(ReservationExpired().type, "ReservationExpired");
}

TEST(Reservation, StaysBetweenAMinuteAndADay) {
  EXPECT_EQ(Reservation(Job{}), Seconds(1800));
  EXPECT_EQ(Reservation(Job{.reserve_for = Seconds(1)}), Seconds(60));
  EXPECT_EQ(Reservation(Job{.reserve_for = Hours(24)}), Hours(24));
}

}  // namespace
}  // namespace tidemill::job
