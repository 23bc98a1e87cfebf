#include "jobs/queue/reservations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace tidemill::queue {
namespace {

class ReservationsTest : public ::testing::Test {
 protected:
  bool Add(std::string jid, std::string wid, Duration lasts) {
    return held_.Add({.jid = std::move(jid), .wid = std::move(wid), .queue = {}, .entry = {}},
                     clock_.Now() + lasts);
  }
  void Pass(Duration time) {
    clock_.Advance(time);
    wheel_.Advance(clock_.Now());
  }

  ManualClock clock_;
  net::TimerWheel wheel_{clock_.Now()};
  std::vector<std::string> expired_;
  Reservations held_{wheel_, [this](Reservation reservation) { expired_.push_back(reservation.jid); }};
};

TEST_F(ReservationsTest, IsTakenOnceByItsJid) {
  EXPECT_TRUE(Add("job-00001", "w1", Seconds(60)));
  EXPECT_EQ(held_.Find("job-00001")->wid, "w1");
  EXPECT_FALSE(Add("job-00001", "w2", Seconds(60))) << "it stays with the first";
  EXPECT_EQ(held_.size(), 1U);
  const auto taken = held_.Take("job-00001");
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->wid, "w1");
  EXPECT_FALSE(held_.Take("job-00001"));
  EXPECT_EQ(held_.Find("job-00001"), nullptr);
  Pass(Seconds(120));
  EXPECT_TRUE(expired_.empty());
}

TEST_F(ReservationsTest, ExpiresInItsTimeAndNotBefore) {
  Add("job-00001", "w1", Seconds(60));
  Add("job-00002", "w1", Hours(24));
  Pass(Milliseconds(59'999));
  EXPECT_TRUE(expired_.empty());
  Pass(Milliseconds(1 + net::TimerWheel::kTick.ms));
  EXPECT_EQ(expired_, (std::vector<std::string>{"job-00001"}));
  EXPECT_FALSE(held_.Take("job-00001"));
  EXPECT_EQ(held_.size(), 1U);
  Pass(Hours(25));
  EXPECT_EQ(expired_.size(), 2U);
}

TEST_F(ReservationsTest, IsOnlyExtended) {
  Add("job-00001", "w1", Seconds(60));
  EXPECT_TRUE(held_.Extend("job-00001", clock_.Now() + Seconds(10)));
  Pass(Seconds(30));
  EXPECT_TRUE(expired_.empty());
  EXPECT_TRUE(held_.Extend("job-00001", clock_.Now() + Seconds(60)));
  Pass(Seconds(50));
  EXPECT_TRUE(expired_.empty());
  Pass(Seconds(11));
  EXPECT_EQ(expired_.size(), 1U);
  EXPECT_FALSE(held_.Extend("job-00001", clock_.Now() + Seconds(60)));
}

TEST_F(ReservationsTest, AWorkersJobsComeBackOneByOne) {
  Add("job-00001", "w1", Seconds(60));
  Add("job-00002", "w2", Seconds(60));
  Add("job-00003", "w1", Seconds(60));
  std::vector<std::string> back;
  while (auto reservation = held_.TakeOneOf("w1")) back.push_back(reservation->jid);
  std::ranges::sort(back);
  EXPECT_EQ(back, (std::vector<std::string>{"job-00001", "job-00003"}));
  EXPECT_EQ(held_.size(), 1U);
  EXPECT_FALSE(held_.TakeOneOf("w1"));
  EXPECT_FALSE(held_.TakeOneOf("nobody"));
  EXPECT_TRUE(Add("job-00001", "w1", Seconds(60))) << "w1 may come again";
}

TEST_F(ReservationsTest, WhatExpiresMayBeReservedAgainAtOnce) {
  net::TimerWheel wheel(clock_.Now());
  int rounds = 0;
  Reservations* held = nullptr;
  Reservations again(wheel, [&](Reservation reservation) {
    if (++rounds < 3) EXPECT_TRUE(held->Add(std::move(reservation), clock_.Now() + Seconds(1)));
  });
  held = &again;
  again.Add({.jid = "job-00001", .wid = "w", .queue = {}, .entry = {}}, clock_.Now() + Seconds(1));
  for (int i = 0; i < 10; ++i) {
    clock_.Advance(Seconds(2));
    wheel.Advance(clock_.Now());
  }
  EXPECT_EQ(rounds, 3);
  EXPECT_EQ(again.size(), 0U);
}

}  // namespace
}  // namespace tidemill::queue
