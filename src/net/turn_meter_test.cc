#include "net/turn_meter.h"

#include <gtest/gtest.h>

#include "net/testing/harness.h"

namespace tidemill::net {
namespace {

Micros cpu_us = 0;
Micros wall_us = 1'000'000;

class TurnMeterTest : public ::testing::Test {
 protected:
  TurnMeterTest() { meter_.Begin(); }
  void Turn(Micros wall, Micros cpu) {
    cpu_us += cpu;
    meter_.EndTurn(wall, {});
  }
  TurnMeter meter_{[] { return cpu_us; }};
};

TEST_F(TurnMeterTest, KnowsTheLongestTurnInBothKindsOfTime) {
  Turn(100, 100);
  Turn(7000, 7000);
  Turn(3000, 3000);
  EXPECT_EQ(meter_.longest_cpu(), 7000);
  EXPECT_EQ(meter_.long_turns(), 1u);
  const LongTurn longest = meter_.TakeLongest();
  EXPECT_EQ(longest.wall, 7000);
  EXPECT_EQ(longest.cpu, 7000);
  EXPECT_EQ(meter_.TakeLongest().wall, 0);
  EXPECT_EQ(meter_.longest_cpu(), 7000) << "since the start";
}

TEST_F(TurnMeterTest, WhatTheMachineTookAwayIsNoCpuTimeOfTheTurn) {
  Turn(100'000, 2000);
  EXPECT_EQ(meter_.longest_cpu(), 2000);
  EXPECT_EQ(meter_.long_turns(), 0u);
  EXPECT_EQ(meter_.TakeLongest().wall, 100'000);
}

TEST_F(TurnMeterTest, ShortTurnsBeforeALongOneDoNotMakeItLonger) {
  for (int i = 0; i < 30; ++i) Turn(500, 500);
  Turn(6000, 6000);
  EXPECT_EQ(meter_.longest_cpu(), 6000);
  for (int i = 0; i < 30; ++i) Turn(500, 100);  // a busy machine
  Turn(9000, 8000);
  EXPECT_EQ(meter_.longest_cpu(), 6000) << "at most what it took, less what may have been taken away before";
}

TEST_F(TurnMeterTest, TheCpuClockIsReadSeldom) {
  static int reads = 0;
  TurnMeter meter([] { return Micros{++reads}; });
  meter.Begin();
  reads = 0;
  for (int i = 0; i < 640; ++i) meter.EndTurn(20, {});
  EXPECT_EQ(reads, 10);
}

struct Slow final : Timer {
  void OnTimer() override { wall_us += 60'000; }
};

TEST(LoopTurns, ALongTurnNamesWhatWasLongInIt) {
  const auto loop = testing::OpenLoop({.micros = [] { return wall_us; }});
  Slow slow;
  loop->timers().Schedule(slow, loop->clock().Now());
  ASSERT_TRUE(testing::RunUntil(*loop, [&] { return !slow.scheduled(); }));
  const LongTurn longest = loop->meter().TakeLongest();
  EXPECT_EQ(longest.wall, 60'000);
  EXPECT_EQ(longest.piece.took, 60'000);
  EXPECT_STREQ(longest.piece.phase, "timers");
  EXPECT_NE(longest.Work().find("Slow"), std::string::npos) << longest.Work();

  loop->Post([] { wall_us += 7000; });
  loop->RunOnce(Milliseconds(0));
  const LongTurn message = loop->meter().TakeLongest();
  EXPECT_STREQ(message.piece.phase, "mailbox");
  EXPECT_NE(message.Work().find("ALongTurnNamesWhatWasLongInIt"), std::string::npos) << message.Work();
}

}  // namespace
}  // namespace tidemill::net
