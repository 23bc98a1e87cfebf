#include "cluster/node_table.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::cluster {
namespace {

using Heard = NodeTable::Heard;

constexpr MonotonicTime At(std::int64_t seconds) { return {seconds * 1000}; }

TEST(NodeTable, ANodeIsLiveUntilItIsSilentForTooLong) {
  NodeTable table;
  EXPECT_EQ(table.Hear({.uid = "a", .name = "one"}, At(0)), Heard::kNew);
  EXPECT_EQ(table.Hear({.uid = "a", .name = "two"}, At(5)), Heard::kKnown);
  EXPECT_EQ(table.Find(NodeId("a"))->name, "two");
  EXPECT_TRUE(table.Expire({14'999}).empty());
  table.Touch(NodeId("a"), At(14));
  EXPECT_TRUE(table.Expire(At(15)).empty());
  EXPECT_EQ(table.live(), 1u);
  EXPECT_EQ(table.Expire(At(24)).size(), 1u);
  EXPECT_EQ(table.live(), 0u);
  EXPECT_EQ(table.Find(NodeId("a")), nullptr);
}

TEST(NodeTable, WhoLeftIsNotTakenBackByALateHeartbeat) {
  NodeTable table;
  table.Hear({.uid = "a"}, At(0));
  EXPECT_TRUE(table.Leave(NodeId("a"), At(1)));
  EXPECT_FALSE(table.Leave(NodeId("a"), At(1)));
  EXPECT_FALSE(table.Leave(NodeId("nobody"), At(1)));
  EXPECT_EQ(table.Hear({.uid = "a"}, At(2)), Heard::kHasLeft);
  EXPECT_EQ(table.Live(), std::vector<NodeId>{});
  EXPECT_TRUE(table.Expire(At(20)).empty()) << "it was not lost";
  EXPECT_EQ(table.Hear({.uid = "a"}, At(21)), Heard::kNew) << "and is forgotten at last";
}

TEST(NodeTable, ASuspectIsResponsiveAgainWhenItIsHeard) {
  NodeTable table;
  for (const char* uid : {"a", "b"}) table.Hear({.uid = uid}, At(0));
  table.Suspect(NodeId("a"));
  EXPECT_EQ(table.Live(), (std::vector{NodeId("a"), NodeId("b")}));
  EXPECT_EQ(table.Responsive(), std::vector{NodeId("b")});
  table.Touch(NodeId("a"), At(1));
  EXPECT_EQ(table.Responsive(), (std::vector{NodeId("a"), NodeId("b")}));
}

TEST(NodeTable, TakesNoMoreThanItsLimit) {
  NodeTable table;
  for (std::size_t i = 0; i < NodeTable::kNodesMax; ++i) {
    ASSERT_EQ(table.Hear({.uid = std::to_string(i)}, At(0)), Heard::kNew);
  }
  EXPECT_EQ(table.Hear({.uid = "more"}, At(0)), Heard::kFull);
  EXPECT_EQ(table.Hear({.uid = "7"}, At(0)), Heard::kKnown);
  EXPECT_EQ(table.live(), NodeTable::kNodesMax);
}

}  // namespace
}  // namespace tidemill::cluster
