#include "realtime/session/command_rate.h"

#include <gtest/gtest.h>

namespace tidemill::session {
namespace {

TEST(CommandRate, CountsWithinOneSecond) {
  CommandRate rate;
  const MonotonicTime second{5000};
  EXPECT_TRUE(rate.Admit(second, 2));
  EXPECT_TRUE(rate.Admit(second + Milliseconds(999), 2));
  EXPECT_FALSE(rate.Admit(second + Milliseconds(999), 2));
  EXPECT_TRUE(rate.Admit(second + Milliseconds(1000), 2)) << "another second";
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(rate.Admit(second, 0)) << "0: no limit";
}

TEST(CommandRate, CountsManyAtOnce) {
  CommandRate rate;
  const MonotonicTime second{5000};
  EXPECT_TRUE(rate.Admit(second, 10, 10));
  EXPECT_FALSE(rate.Admit(second, 10, UINT32_MAX));
  EXPECT_FALSE(rate.Admit(second, 10, UINT32_MAX)) << "and does not wrap around";
  EXPECT_TRUE(rate.Admit(second + Seconds(1), 10));
}

}  // namespace
}  // namespace tidemill::session
