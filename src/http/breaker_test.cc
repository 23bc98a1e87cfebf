#include "http/breaker.h"

#include <gtest/gtest.h>

namespace tidemill::http {
namespace {

constexpr BreakerOptions kOptions{.failures_max = 3, .open_for = Seconds(10), .open_for_max = Seconds(30)};
constexpr MonotonicTime kStart{1'000'000};

void FailTimes(Breaker& breaker, int times, MonotonicTime now) {
  for (int i = 0; i < times; ++i) breaker.Fail(now);
}

TEST(Breaker, OpensAfterFailuresInARowOnly) {
  Breaker breaker(kOptions);
  FailTimes(breaker, 2, kStart);
  breaker.Succeed();
  FailTimes(breaker, 2, kStart);
  EXPECT_EQ(breaker.Admits(kStart, 7), 7u);
  breaker.Fail(kStart);
  EXPECT_EQ(breaker.state(), Breaker::State::kOpen);
  EXPECT_EQ(breaker.Admits(kStart, 7), 0u);
}

TEST(Breaker, LetsOneTryAndClosesWhenItWorks) {
  Breaker breaker(kOptions);
  FailTimes(breaker, 3, kStart);
  EXPECT_EQ(breaker.Admits(kStart + Milliseconds(9999), 7), 0u);
  EXPECT_EQ(breaker.Admits(kStart + Seconds(10), 7), 1u);
  breaker.Succeed();
  EXPECT_EQ(breaker.Admits(kStart + Seconds(10), 7), 7u);
  EXPECT_EQ(breaker.failures(), 0u);
}

TEST(Breaker, WaitsLongerEachTimeUpToALimit) {
  Breaker breaker(kOptions);
  FailTimes(breaker, 3, kStart);
  MonotonicTime now = kStart;
  for (const Duration wait : {Seconds(10), Seconds(20), Seconds(30), Seconds(30)}) {
    EXPECT_EQ(breaker.open_until() - now, wait);
    now = breaker.open_until();
    EXPECT_EQ(breaker.Admits(now, 7), 1u);
    breaker.Fail(now);
  }
}

TEST(Breaker, WhatWasUnderWayWhenItOpenedCountsForNothing) {
  Breaker breaker(kOptions);
  FailTimes(breaker, 3, kStart);
  const MonotonicTime until = breaker.open_until();
  FailTimes(breaker, 5, kStart + Seconds(1));
  breaker.Succeed();
  EXPECT_EQ(breaker.state(), Breaker::State::kOpen);
  EXPECT_EQ(breaker.open_until(), until);
}

}  // namespace
}  // namespace tidemill::http
