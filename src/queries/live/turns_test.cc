#include "queries/live/turns.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace tidemill::queries::live {
namespace {

constexpr MonotonicTime At(std::int64_t ms) { return MonotonicTime{ms}; }

class TurnsTest : public ::testing::Test {
 protected:
  Turns::Waiter& Make(const std::string& starter) {
    return *all_.emplace_back(std::make_unique<Turns::Waiter>(starter));
  }
  // One that was quick before.
  Turns::Waiter& MakeQuick(const std::string& starter) {
    Turns::Waiter& made = Make(starter);
    turns_.Wait(made, At(0));
    EXPECT_EQ(turns_.Begin(At(0)), &made);
    turns_.End(made, Milliseconds(1));
    return made;
  }
  std::vector<std::unique_ptr<Turns::Waiter>> all_;
  Turns turns_{8};
};

TEST_F(TurnsTest, TheLongestDueIsFirst) {
  Turns::Waiter& a = MakeQuick("a");
  Turns::Waiter& b = MakeQuick("b");
  turns_.Wait(a, At(20));
  turns_.Wait(b, At(10));
  EXPECT_EQ(turns_.Begin(At(5)), nullptr);
  EXPECT_EQ(turns_.next_due(), At(10));
  turns_.Wait(a, At(7));
  EXPECT_EQ(turns_.Begin(At(30)), &a);
  EXPECT_FALSE(a.waits());
  turns_.Leave(b);
  EXPECT_EQ(turns_.Begin(At(30)), nullptr);
  EXPECT_EQ(turns_.running(), 1u);
}

TEST_F(TurnsTest, WhatWasNeverAskedHasAQuarterForACallerAndHalfForAll) {
  std::int64_t at = 0;
  for (const char* starter : {"hostile", "hostile", "hostile", "hostile", "x", "y", "z"}) {
    turns_.Wait(Make(starter), At(at++));
  }
  std::vector<std::string> order;
  while (const Turns::Waiter* const each = turns_.Begin(At(9))) order.push_back(each->starter());
  EXPECT_EQ(order, (std::vector<std::string>{"hostile", "hostile", "x", "y"}));
  EXPECT_EQ(turns_.next_due(), std::nullopt);
  Turns::Waiter& first = *all_[0];
  turns_.End(first, Seconds(3));
  EXPECT_EQ(turns_.Begin(At(9))->starter(), "hostile");
}

TEST_F(TurnsTest, QuickOnesDoNotWaitForSlowOnes) {
  std::vector<Turns::Waiter*> quick;
  for (int i = 0; i < 5; ++i) quick.push_back(&MakeQuick("q" + std::to_string(i)));
  for (int i = 0; i < 9; ++i) turns_.Wait(Make("slow" + std::to_string(i)), At(0));
  for (int i = 0; i < 4; ++i) ASSERT_NE(turns_.Begin(At(1)), nullptr);
  EXPECT_EQ(turns_.Begin(At(1)), nullptr);
  std::int64_t at = 2;
  for (Turns::Waiter* const each : quick) turns_.Wait(*each, At(at++));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(turns_.Begin(At(9)), quick[static_cast<std::size_t>(i)]);
  EXPECT_EQ(turns_.Begin(At(9)), nullptr) << "all places are taken";
  // One that has become slow is one of the others from then on.
  turns_.End(*quick[0], Milliseconds(51));
  turns_.Wait(*quick[0], At(9));
  EXPECT_EQ(turns_.Begin(At(9)), quick[4]);
  turns_.End(*quick[1], Milliseconds(1));
  EXPECT_EQ(turns_.Begin(At(9)), nullptr);
}

TEST_F(TurnsTest, OnePlaceIsEnough) {
  Turns turns(1);
  Turns::Waiter& a = Make("a");
  Turns::Waiter& b = Make("b");
  turns.Wait(a, At(0));
  turns.Wait(b, At(0));
  Turns::Waiter* const first = turns.Begin(At(0));
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(turns.Begin(At(0)), nullptr);
  turns.End(*first, Seconds(1));
  EXPECT_NE(turns.Begin(At(0)), nullptr);
  turns.Leave(a);
  turns.Leave(b);
}

}  // namespace
}  // namespace tidemill::queries::live
