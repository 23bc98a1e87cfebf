#include "accounts/throttle.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::accounts {
namespace {

class ThrottleTest : public ::testing::Test {
 protected:
  MonotonicTime now() const { return clock_.Now(); }

  ManualClock clock_;
};

TEST_F(ThrottleTest, LetsABurstThroughAndThenOneAtATime) {
  Throttle throttle({.burst = 3, .interval = Seconds(30)});
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(throttle.Take("a", now())) << i;
  EXPECT_EQ(throttle.Take("a", now()), Seconds(10));
  EXPECT_EQ(throttle.Take("a", now()), Seconds(10)) << "what is refused costs nothing";
  EXPECT_FALSE(throttle.Take("b", now())) << "another key has its own";
  clock_.Advance(Milliseconds(9999));
  EXPECT_EQ(throttle.Take("a", now()), Milliseconds(1));
  clock_.Advance(Milliseconds(1));
  EXPECT_FALSE(throttle.Take("a", now()));
  EXPECT_TRUE(throttle.Take("a", now()));
  clock_.Advance(Minutes(10));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(throttle.Take("a", now())) << i;
  EXPECT_TRUE(throttle.Take("a", now())) << "a bucket holds no more than it did at first";
}

TEST_F(ThrottleTest, WhatIsGivenBackCanBeTakenAgain) {
  Throttle throttle({.burst = 1, .interval = Seconds(30)});
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(throttle.Take("a", now())) << i;
    throttle.GiveBack("a", now());
  }
}

TEST_F(ThrottleTest, WhatIsGivenBackTakesNobodysPlace) {
  Throttle throttle({.burst = 1, .interval = Seconds(30)}, 100);
  EXPECT_FALSE(throttle.Take("a", now()));
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(throttle.Take(std::to_string(i), now()));
    throttle.GiveBack(std::to_string(i), now());
  }
  EXPECT_EQ(throttle.size(), 1u);
  EXPECT_TRUE(throttle.Take("a", now()));
}

TEST_F(ThrottleTest, ZeroIsNoLimit) {
  Throttle throttle({.burst = 0, .interval = Seconds(30)});
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(throttle.Take("a", now()));
  EXPECT_EQ(throttle.size(), 0u);
}

TEST_F(ThrottleTest, TheTableIsBoundedAndForgetsWhoIsQuiet) {
  Throttle throttle({.burst = 1, .interval = Seconds(30)}, 100);
  for (int i = 0; i < 10'000; ++i) {
    throttle.Take(std::to_string(i), now());
    EXPECT_LE(throttle.size(), 101u);
  }
  EXPECT_TRUE(throttle.Take("9999", now())) << "who was here last is remembered";
  clock_.Advance(Minutes(1));
  for (int i = 0; i < 200; ++i) throttle.Take("x", now());
  for (int i = 0; i < 60; ++i) throttle.Take(std::to_string(i), now());
  EXPECT_LT(throttle.size(), 100u) << "full buckets go although there is room";
}

TEST(ThrottleKeyOf, OfIpv6IsASubscribersNetwork) {
  const auto key = [](const char* text) {
    return std::string(ThrottleKeyOf(net::IpAddress::Parse(text).value()));
  };
  EXPECT_EQ(key("2001:db8::1"), key("2001:db8:0:0:ffff::2"));
  EXPECT_NE(key("2001:db8::1"), key("2001:db8:0:1::1"));
  EXPECT_NE(key("10.0.0.1"), key("10.0.0.2"));
  EXPECT_EQ(key("10.0.0.1"), key("::ffff:10.0.0.1"));
}

}  // namespace
}  // namespace tidemill::accounts
