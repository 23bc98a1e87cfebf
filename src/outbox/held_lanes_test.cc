#include "outbox/held_lanes.h"

#include <gtest/gtest.h>

namespace tidemill::outbox {
namespace {

using Names = std::vector<std::string>;

Entry EntryOf(std::int64_t id) { return {.id = id, .sink = "channel", .target = "a"}; }

TEST(HeldLanes, APauseDoublesUpToItsEnd) {
  HeldLanes held(100, Milliseconds(150));
  MonotonicTime now{1000};
  for (const std::int64_t pause : {50, 100, 150, 150}) {
    EXPECT_TRUE(held.Hold("channel a", EntryOf(1), 0, "away", now));
    EXPECT_EQ(held.NextAt()->ms, now.ms + pause);
    EXPECT_EQ(held.Names(now), Names{"channel a"});
    now = *held.NextAt();
    EXPECT_EQ(held.Names(now), Names{}) << "it is read again";
  }
}

TEST(HeldLanes, WhileItsSinkIsAwayAnEntryIsNotGivenUp) {
  HeldLanes held(3, Seconds(1));
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(held.Hold("channel a", EntryOf(1), 7, "away", {}));
  EXPECT_EQ(held.all().at("channel a").attempts, 0u);
}

TEST(HeldLanes, AnEntryIsGivenUpWhenOthersLeaveAndItDoesNot) {
  HeldLanes held(3, Seconds(1));
  for (std::uint64_t sent = 7; sent < 11; ++sent)
    EXPECT_TRUE(held.Hold("channel a", EntryOf(1), sent, "full", {}));
  EXPECT_FALSE(held.Hold("channel a", EntryOf(1), 11, "full", {}));
  EXPECT_TRUE(held.all().empty());
}

TEST(HeldLanes, TheNextEntryOfALaneBeginsAnew) {
  HeldLanes held(1, Seconds(1));
  EXPECT_TRUE(held.Hold("channel a", EntryOf(1), 7, "full", {}));
  EXPECT_TRUE(held.Hold("channel a", EntryOf(1), 8, "full", {}));
  EXPECT_TRUE(held.Hold("channel a", EntryOf(2), 9, "full", {}));
  EXPECT_EQ(held.all().at("channel a").attempts, 0u);
  held.LetGo("channel a");
  held.LetGo("channel a");
  EXPECT_FALSE(held.NextAt());
}

TEST(HeldLanes, AllAreTriedAtOnceWhenSomebodySaysSo) {
  HeldLanes held(1, Seconds(1));
  EXPECT_TRUE(held.Hold("channel a", EntryOf(1), 7, "full", {5000}));
  held.HurryUp();
  EXPECT_EQ(held.Names({5000}), Names{});
}

TEST(HeldLanes, AreFullAboveTheirMost) {
  HeldLanes held(1, Seconds(1));
  for (std::size_t i = 0; i < HeldLanes::kMax; ++i) (void)held.Hold(std::to_string(i), EntryOf(1), 0, "", {});
  EXPECT_FALSE(held.IsFull());
  (void)held.Hold("one more", EntryOf(1), 0, "", {});
  EXPECT_TRUE(held.IsFull());
}

}  // namespace
}  // namespace tidemill::outbox
