#include "realtime/access/access_list.h"

#include <gtest/gtest.h>

namespace tidemill::access {
namespace {

constexpr WallTime At(std::int64_t seconds) { return {seconds * 1000}; }

class AccessListTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kEntriesMax = 3;

  static Entry Block(std::string user, std::int64_t decided_at = 1, std::int64_t expire_at = 0) {
    return {.subject = std::move(user), .expire_at = expire_at, .decided_at = decided_at * 1000};
  }
  static Entry Lifted(std::string user, std::int64_t decided_at) {
    Entry entry = Block(std::move(user), decided_at);
    entry.lifted = true;
    return entry;
  }
  std::string Metrics() const { return registry_.Text(); }

  metrics::Registry registry_;
  AccessList list_{kEntriesMax, registry_};
};

TEST_F(AccessListTest, BlocksUntilItExpires) {
  EXPECT_FALSE(list_.IsBlocked("u", At(5)));
  EXPECT_EQ(*list_.Add(Block("u", 5, 10), At(5)), Put::kChanged);
  EXPECT_TRUE(list_.IsBlocked("u", At(9)));
  EXPECT_FALSE(list_.IsBlocked("u", At(10)));
  EXPECT_FALSE(list_.IsBlocked("v", At(9)));
  EXPECT_FALSE(list_.IsBlocked("", At(9))) << "nobody is the anonymous user";
}

TEST_F(AccessListTest, TheLaterDecisionHolds) {
  ASSERT_TRUE(list_.Add(Block("u", 5), At(5)));
  EXPECT_EQ(*list_.Add(Block("u", 5), At(5)), Put::kKnown);
  EXPECT_EQ(*list_.Add(Lifted("u", 4), At(5)), Put::kKnown);
  EXPECT_TRUE(list_.IsBlocked("u", At(6)));
  EXPECT_EQ(*list_.Add(Lifted("u", 6), At(6)), Put::kChanged);
  EXPECT_FALSE(list_.IsBlocked("u", At(6)));
  EXPECT_EQ(*list_.Add(Block("u", 5), At(6)), Put::kKnown) << "it comes late";
  EXPECT_FALSE(list_.IsBlocked("u", At(6)));
  // Of a node whose clock is behind.
  const Entry again = Block("u");
  EXPECT_EQ(list_.DecidedAt(again, At(3)), 6001);
  EXPECT_EQ(list_.DecidedAt(Block("v"), At(3)), 3000);
}

TEST_F(AccessListTest, RevokesTokens) {
  ASSERT_TRUE(list_.Add({.kind = Kind::kToken, .subject = "t1", .decided_at = 1}, At(1)));
  ASSERT_TRUE(list_.Add(
      {.kind = Kind::kUserTokens, .subject = "u", .issued_before = 100, .expire_at = 500, .decided_at = 1},
      At(1)));
  EXPECT_TRUE(list_.IsRevoked("v", {.id = "t1", .issued_at = 900}, "", At(2)));
  EXPECT_TRUE(list_.IsRevoked("u", {.issued_at = 99}, "", At(2)));
  EXPECT_FALSE(list_.IsRevoked("u", {.issued_at = 100}, "", At(2)));
  EXPECT_FALSE(list_.IsRevoked("u", {.issued_at = 99}, "news", At(2)));
  EXPECT_FALSE(list_.IsRevoked("u", {.issued_at = 99}, "", At(500))) << "it has expired";
  EXPECT_FALSE(list_.IsBlocked("u", At(2)));
}

TEST_F(AccessListTest, IsFullAtItsLimitAndSaysSo) {
  for (const char* user : {"a", "b", "c"}) ASSERT_TRUE(list_.Add(Block(user), At(1)));
  const auto refused = list_.Add(Block("d"), At(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kLimitExceeded);
  EXPECT_FALSE(list_.MayAdd(Block("d"), At(1)));
  EXPECT_NE(Metrics().find("tidemill_access_refused_total 2\n"), std::string::npos) << Metrics();
  EXPECT_NE(Metrics().find("tidemill_access_entries{kind=\"user\"} 3\n"), std::string::npos);
  EXPECT_TRUE(list_.IsBlocked("a", At(1)));

  EXPECT_TRUE(list_.Add(Block("a", 2), At(2))) << "what is there may change";
  EXPECT_TRUE(list_.Add(Lifted("e", 2), At(2))) << "and nobody is kept out because of the limit";
  EXPECT_TRUE(list_.Add(Lifted("a", 3), At(3)));
  EXPECT_TRUE(list_.Add(Block("d"), At(3))) << "in the place of the one that was lifted";
  EXPECT_EQ(list_.size(), kEntriesMax);
}

TEST_F(AccessListTest, WhatHasExpiredMakesRoom) {
  for (const char* user : {"a", "b", "c"}) ASSERT_TRUE(list_.Add(Block(user, 1, 10), At(1)));
  EXPECT_FALSE(list_.Add(Block("d"), At(9)));
  EXPECT_TRUE(list_.Add(Block("d"), At(10)));
  EXPECT_EQ(list_.size(), 1u);
  EXPECT_TRUE(list_.IsBlocked("d", At(10)));
  const auto hour = kLiftedKept.ms / 1000;
  ASSERT_TRUE(list_.Add(Lifted("d", 10), At(10)));
  ASSERT_TRUE(list_.Add(Block("e", 10 + hour), At(10 + hour)));
  EXPECT_EQ(list_.size(), 1u) << "the lifted one is forgotten after an hour";
}

TEST_F(AccessListTest, IsReadInPages) {
  for (const char* user : {"a", "b", "c"}) ASSERT_TRUE(list_.Add(Block(user), At(1)));
  const auto first = list_.After("", 2);
  ASSERT_EQ(first.size(), 2u);
  const auto second = list_.After(KeyOf(first.back()), 2);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second.front().subject, "c");
  EXPECT_TRUE(list_.After(KeyOf(second.back()), 2).empty());
}

}  // namespace
}  // namespace tidemill::access
