#include "server/drain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace tidemill::server {
namespace {

class DrainTest : public ::testing::Test {
 protected:
  // Gives how long it took.
  Duration End(std::size_t sessions, Duration timeout) {
    sessions_ = sessions;
    const MonotonicTime begun = clock_.Now();
    EndEvenly(waiting_, timeout,
              {.count = [this] { return sessions_; },
               .end =
                   [this](std::size_t count) {
                     most_at_once_ = std::max(most_at_once_, count);
                     if (!stuck_) sessions_ -= std::min(count, sessions_);
                   }});
    return clock_.Now() - begun;
  }

  ManualClock clock_;
  bool abort_ = false;
  bool stuck_ = false;
  std::size_t sessions_ = 0;
  std::size_t most_at_once_ = 0;
  Waiting waiting_{.clock = clock_,
                   .pause = [this](Duration by) { clock_.Advance(by); },
                   .should_abort = [this] { return abort_; }};
};

TEST_F(DrainTest, RunsItsStepsInOrder) {
  std::string ran;
  RunInOrder({{"a", [&] { ran += "a"; }}, {"b", [&] { ran += "b"; }}, {"c", [&] { ran += "c"; }}});
  EXPECT_EQ(ran, "abc");
}

TEST_F(DrainTest, EndsAThousandSessionsASecond) {
  EXPECT_EQ(End(5000, Seconds(30)), Seconds(5));
  EXPECT_EQ(sessions_, 0u);
  EXPECT_EQ(most_at_once_, 50u);
}

TEST_F(DrainTest, IsFasterWhereTheTimeoutAsksForIt) {
  const Duration took = End(100'000, Seconds(10));
  EXPECT_EQ(sessions_, 0u);
  EXPECT_LE(took, Seconds(8));
  EXPECT_GE(took, Seconds(7));
}

TEST_F(DrainTest, StopsAtTheTimeoutWhenSessionsDoNotEnd) {
  stuck_ = true;
  EXPECT_EQ(End(3, Seconds(2)), Seconds(2));
  EXPECT_EQ(End(3, Duration{}), Duration{});
}

TEST_F(DrainTest, WaitsNoLongerOnceItIsToAbort) {
  abort_ = true;
  EXPECT_EQ(End(5000, Seconds(30)), Duration{});
  const MonotonicTime begun = clock_.Now();
  WaitUntil(waiting_, Seconds(5), [] { return false; });
  EXPECT_EQ(clock_.Now(), begun);
}

TEST_F(DrainTest, WaitsUntilItIsDoneButNoLongerThanItsPatience) {
  const MonotonicTime begun = clock_.Now();
  WaitUntil(waiting_, Seconds(5), [&] { return clock_.Now() - begun >= Seconds(1); });
  EXPECT_EQ(clock_.Now() - begun, Seconds(1));
  WaitUntil(waiting_, Seconds(2), [] { return false; });
  EXPECT_EQ(clock_.Now() - begun, Seconds(3));
}

}  // namespace
}  // namespace tidemill::server
