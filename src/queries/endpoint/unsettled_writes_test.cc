#include "queries/endpoint/unsettled_writes.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/testing/harness.h"

namespace tidemill::queries {
namespace {

class UnsettledWritesTest : public ::testing::Test {
 protected:
  // What is told in each of so many seconds: "a b|a|".
  std::string After(int seconds) {
    std::string all;
    for (int i = 0; i < seconds; ++i) {
      told_.clear();
      clock_.Advance(Milliseconds(1'020));  // a timer may be a tick late
      net::testing::RunTurns(*loop_, 1);
      for (const std::string& name : told_) all += name;
      all += '|';
    }
    return all;
  }
  MonotonicTime In(Duration time) const { return clock_.Now() + time; }

  ManualClock clock_;
  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop({.clock = &clock_});
  std::vector<std::string> told_;
  Generations generations_;
  UnsettledWrites writes_{*loop_, generations_,
                          [this](std::vector<std::string> names) { told_ = std::move(names); }};
};

TEST_F(UnsettledWritesTest, AreToldOfUntilTheyCanNoLongerHappen) {
  EXPECT_EQ(After(3), "|||");
  writes_.Note(std::vector<std::string>{"a"}, In(Seconds(10)));
  EXPECT_EQ(After(16), "a||a||||a||||||||a||") << "the last time is behind its end";
  EXPECT_EQ(After(20), std::string(20, '|'));
}

TEST_F(UnsettledWritesTest, HoldWhatTheyMayChangeAndNothingElse) {
  const auto a = generations_.Depend(std::vector<std::string>{"public.a"});
  const auto b = generations_.Depend(std::vector<std::string>{"b"});
  EXPECT_FALSE(a->AreHeld());
  writes_.Note(std::vector<std::string>{"a"}, In(Seconds(10)));
  writes_.Note(std::vector<std::string>{"a"}, In(Seconds(5)));
  EXPECT_TRUE(a->AreHeld());
  EXPECT_FALSE(b->AreHeld());
  const SeenGenerations seen = a->Read();
  After(9);
  EXPECT_TRUE(a->AreHeld());
  After(9);
  EXPECT_FALSE(a->AreHeld());
  EXPECT_FALSE(a->AreAt(seen)) << "what was begun before may lack the write";
  writes_.Note(std::vector<std::string>{"*"}, In(Seconds(1)));
  EXPECT_TRUE(a->AreHeld());
  EXPECT_TRUE(b->AreHeld());
  After(3);
  EXPECT_FALSE(b->AreHeld());
}

TEST_F(UnsettledWritesTest, ANewOneIsToldOfSoonAndAFloodPutsNothingOff) {
  const std::vector<std::string> a = {"a"};
  const std::vector<std::string> b = {"b"};
  writes_.Note(a, In(Minutes(5)));
  EXPECT_EQ(After(8), "a||a||||a||");
  writes_.Note(b, In(Seconds(1)));
  EXPECT_EQ(After(3), "ab||a|");
  for (int i = 0; i < 5; ++i) {
    writes_.Note(a, In(Minutes(5)));
    EXPECT_EQ(After(1), "a|") << i;
  }
}

}  // namespace
}  // namespace tidemill::queries
