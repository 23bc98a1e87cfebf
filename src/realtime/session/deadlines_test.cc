#include "realtime/session/deadlines.h"

#include <gtest/gtest.h>

namespace tidemill::session {
namespace {

using Due = Deadlines::Due;

constexpr std::int64_t kWallSecond = 1'700'000'000;

ClientSettings Settings() {
  ClientSettings settings;
  settings.ping_interval = Seconds(20);
  settings.pong_timeout = Seconds(5);
  settings.expired_close_delay = Seconds(3);
  settings.expired_sub_close_delay = Seconds(7);
  return settings;
}

// Seconds since the session began.
Deadlines::Moment At(std::int64_t second) {
  return {.now = MonotonicTime{} + Seconds(second), .wall = WallTime{(kWallSecond + second) * 1000}};
}

TEST(Deadlines, ASessionThatDoesNotConnectIsStale) {
  const Deadlines deadlines(At(10).now);
  const Deadlines::Expiry expiry{.connection = kWallSecond + 1};
  EXPECT_EQ(deadlines.Check(At(9), Settings(), expiry), Due::kNothing) << "it has no token yet that expires";
  EXPECT_EQ(deadlines.NextCheck(At(9), Settings(), expiry), At(10).now);
  EXPECT_EQ(deadlines.Check(At(10), Settings(), expiry), Due::kStale);
}

TEST(Deadlines, TheFirstPingComesInTheSecondHalfOfTheInterval) {
  for (int i = 0; i < 100; ++i) {
    Deadlines deadlines(At(10).now);
    deadlines.StartPings(At(0).now, Settings());
    const MonotonicTime first = deadlines.NextCheck(At(0), Settings(), {});
    EXPECT_GE(first, At(10).now);
    EXPECT_LT(first, At(20).now);
  }
}

TEST(Deadlines, AnExpiryMayBeAnyNumber) {
  Deadlines deadlines(At(10).now);
  deadlines.StartPings(At(0).now, Settings());
  for (const std::int64_t never : {INT64_MAX, INT64_MAX / 1000 + 1, INT64_MAX / 1000}) {
    EXPECT_EQ(deadlines.Check(At(1), Settings(), {.connection = never}), Due::kNothing) << never;
    EXPECT_GE(deadlines.NextCheck(At(1), Settings(), {.connection = never}), At(10).now) << never;
  }
  EXPECT_EQ(deadlines.Check(At(1), Settings(), {.connection = INT64_MIN}), Due::kExpired);
}

TEST(Deadlines, APingIsFollowedByAPongOrTheEnd) {
  Deadlines deadlines(At(10).now);
  deadlines.StartPings(At(0).now, Settings());
  EXPECT_EQ(deadlines.Check(At(20), Settings(), {}), Due::kPing);
  EXPECT_FALSE(deadlines.TakePong()) << "nothing was asked yet";
  deadlines.OnPingSent(At(20).now, Settings());
  EXPECT_EQ(deadlines.NextCheck(At(20), Settings(), {}), At(25).now);

  EXPECT_TRUE(deadlines.TakePong());
  EXPECT_FALSE(deadlines.TakePong()) << "one for each ping";
  EXPECT_EQ(deadlines.NextCheck(At(21), Settings(), {}), At(40).now);
  EXPECT_EQ(deadlines.Check(At(25), Settings(), {}), Due::kNothing);

  deadlines.OnPingSent(At(40).now, Settings());
  EXPECT_EQ(deadlines.Check(At(44), Settings(), {}), Due::kNothing);
  EXPECT_EQ(deadlines.Check(At(45), Settings(), {}), Due::kNoPong);
}

TEST(Deadlines, WithoutAPongTimeoutNoPongIsAwaited) {
  ClientSettings settings = Settings();
  settings.pong_timeout = {};
  Deadlines deadlines(At(10).now);
  deadlines.StartPings(At(0).now, settings);
  deadlines.OnPingSent(At(20).now, settings);
  EXPECT_EQ(deadlines.NextCheck(At(20), settings, {}), At(40).now);
  EXPECT_EQ(deadlines.Check(At(39), settings, {}), Due::kNothing);
  EXPECT_FALSE(deadlines.TakePong());
}

TEST(Deadlines, WhereAnswersWaitPingsGoOnAndEachIsAnsweredLater) {
  Deadlines deadlines(At(10).now);
  deadlines.StartPings(At(0).now, Settings());
  Deadlines::Moment moment = At(20);
  moment.answers_wait = true;
  deadlines.OnPingSent(moment.now, Settings());
  EXPECT_EQ(deadlines.NextCheck(moment, Settings(), {}), At(40).now);
  moment.now = At(30).now;
  EXPECT_EQ(deadlines.Check(moment, Settings(), {}), Due::kNothing);
  EXPECT_EQ(deadlines.Check(At(30), Settings(), {}), Due::kNoPong);
  moment.now = At(40).now;
  EXPECT_EQ(deadlines.Check(moment, Settings(), {}), Due::kPing);
  deadlines.OnPingSent(moment.now, Settings());
  EXPECT_TRUE(deadlines.TakePong());
  EXPECT_TRUE(deadlines.TakePong());
  EXPECT_FALSE(deadlines.TakePong());
}

TEST(Deadlines, CommandsThatWereSentBeforeKeepNobodyAlive) {
  Deadlines deadlines(At(10).now);
  deadlines.StartPings(At(0).now, Settings());
  deadlines.OnPingSent(At(20).now, Settings());
  deadlines.WaitBehindCommand(At(24).now, Settings());
  EXPECT_EQ(deadlines.Check(At(28), Settings(), {}), Due::kNothing) << "as long again";
  deadlines.WaitBehindCommand(At(26).now, Settings());
  EXPECT_EQ(deadlines.Check(At(28), Settings(), {}), Due::kNothing);
  EXPECT_EQ(deadlines.Check(At(29), Settings(), {}), Due::kNoPong) << "but once";
  deadlines.WaitBehindCommand(At(32).now, Settings());
  EXPECT_EQ(deadlines.Check(At(32), Settings(), {}), Due::kNothing) << "its pong may be there already";
  EXPECT_EQ(deadlines.Check(At(33), Settings(), {}), Due::kNoPong);
  deadlines.OnPingSent(At(40).now, Settings());
  deadlines.WaitBehindCommand(At(42).now, Settings());
  EXPECT_EQ(deadlines.Check(At(46), Settings(), {}), Due::kNothing) << "another ping";
}

TEST(Deadlines, ANativePongAnswersAllPings) {
  Deadlines deadlines(At(10).now);
  deadlines.StartPings(At(0).now, Settings());
  deadlines.OnPingSent(At(20).now, Settings());
  deadlines.OnPingSent(At(40).now, Settings());
  deadlines.TakeNativePong();
  EXPECT_FALSE(deadlines.awaits_pong());
  EXPECT_EQ(deadlines.Check(At(45), Settings(), {}), Due::kNothing);
}

TEST(Deadlines, WhatExpiresIsLookedAtSomeTimeAfterwards) {
  Deadlines deadlines(At(10).now);
  deadlines.StartPings(At(0).now, Settings());
  deadlines.OnPingSent(At(0).now, Settings());
  deadlines.TakePong();
  const Deadlines::Expiry connection{.connection = kWallSecond + 4, .connection_delay = Seconds(3)};
  EXPECT_EQ(deadlines.NextCheck(At(1), Settings(), connection), At(7).now);
  EXPECT_EQ(deadlines.Check(At(6), Settings(), connection), Due::kNothing);
  EXPECT_EQ(deadlines.Check(At(7), Settings(), connection), Due::kExpired);
  EXPECT_EQ(deadlines.NextCheck(At(9), Settings(), connection), At(9).now) << "late is at once";

  const Deadlines::Expiry subscription{.subscription = kWallSecond + 4};
  EXPECT_EQ(deadlines.NextCheck(At(1), Settings(), subscription), At(11).now);
  EXPECT_EQ(deadlines.Check(At(11), Settings(), subscription), Due::kNothing)
      << "which of them, the subscriptions know";
}

}  // namespace
}  // namespace tidemill::session
