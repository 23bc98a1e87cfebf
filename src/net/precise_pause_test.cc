#include "net/precise_pause.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "net/testing/harness.h"
#include "net/testing/run_task.h"

namespace tidemill::net {
namespace {

Task<std::int64_t> MicrosOf(PrecisePause& pause, Duration duration) {
  const std::int64_t begun = MonotonicMicros();
  co_await pause.For(duration);
  co_return MonotonicMicros() - begun;
}

TEST(PrecisePause, LastsAsLongAsItIsToAndNoTickLonger) {
  const auto loop = testing::OpenLoop();
  PrecisePause pause(*loop);
  std::int64_t shortest = 1'000'000;
  for (int i = 0; i < 50; ++i)
    shortest = std::min(shortest, testing::RunTask(*loop, MicrosOf(pause, Milliseconds(3))));
  EXPECT_GE(shortest, 3000);
  EXPECT_LT(shortest, 1000 * TimerWheel::kTick.ms / 2);
}

TEST(PrecisePause, EndsWhenItIsWoken) {
  const auto loop = testing::OpenLoop();
  PrecisePause pause(*loop);
  pause.Wake();  // nobody waits
  TaskScope scope;
  std::optional<std::int64_t> took;
  scope.Spawn(testing::Keep(MicrosOf(pause, Hours(1)), took));
  testing::RunTurns(*loop);
  EXPECT_FALSE(took);
  pause.Wake();
  EXPECT_TRUE(took);
  EXPECT_GE(testing::RunTask(*loop, MicrosOf(pause, Milliseconds(1))), 1000) << "and another one begins";
}

TEST(PrecisePause, MayEndWhileSomebodyWaits) {
  const auto loop = testing::OpenLoop();
  TaskScope scope;
  std::optional<std::int64_t> took;
  PrecisePause pause(*loop);
  scope.Spawn(testing::Keep(MicrosOf(pause, Milliseconds(1)), took));
}

}  // namespace
}  // namespace tidemill::net
