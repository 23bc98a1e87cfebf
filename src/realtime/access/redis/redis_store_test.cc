// Decisions about access over a real Redis, and the keeper that brings them into a node's list.
#include "realtime/access/redis/redis_store.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "net/testing/run_task.h"
#include "realtime/access/keeper.h"
#include "redis/metrics.h"
#include "redis/testing/redis_server.h"
#include "redis/topology.h"

namespace tidemill::access {
namespace {

using net::testing::DriveUntil;
using net::testing::RunTask;
using redis::testing::RedisServer;

class RedisStoreTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kEntriesMax = 600;

  // One node: its own connection, list and keeper.
  struct Node {
    explicit Node(RedisStoreTest& test)
        : metrics(registry),
          client(test.topology_->MakeClient(*test.loop_, metrics)),
          store(MakeRedisStore(*client, {.entries_max = kEntriesMax})),
          list(10 * kEntriesMax, registry),
          keeper(
              *test.loop_, *store, list,
              [this](Entry entry) -> Task<Result<void>> { return Note(std::move(entry)); }, registry) {}
    Task<Result<void>> Note(Entry entry) {
      applied.push_back(KeyOf(entry));
      co_return Result<void>();
    }

    metrics::Registry registry;
    redis::Metrics metrics;
    std::unique_ptr<redis::Client> client;
    std::unique_ptr<Store> store;
    AccessList list;
    std::vector<std::string> applied;
    Keeper keeper;
  };

  RedisStoreTest() : loop_(*net::Loop::Open({})) {
    redis::RedisSettings settings;
    settings.address = {{"127.0.0.1:" + std::to_string(server_.port())}};
    topology_ = *redis::OpenTopology(settings);
  }

  std::unique_ptr<Node> Started() {
    auto node = std::make_unique<Node>(*this);
    EXPECT_FALSE(node->list.ready()) << "nobody may come in before it has been read";
    node->keeper.Start();
    EXPECT_TRUE(DriveUntil(*loop_, [&] { return node->list.ready(); }));
    return node;
  }
  Result<void> Save(Node& node, std::vector<Entry> entries) {
    return RunTask(*loop_, node.store->Save(std::move(entries)));
  }
  static Entry Block(std::string user, std::int64_t decided_at = 1000) {
    return {.subject = std::move(user), .decided_at = decided_at};
  }
  static bool Blocks(const Node& node, std::string_view user) {
    return node.list.IsBlocked(user, SystemClock().WallNow());
  }

  RedisServer server_{{.append_only = true}};
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<const redis::Topology> topology_;
};

TEST_F(RedisStoreTest, ADecisionComesToTheOthersAndOutlivesTheNodes) {
  auto one = Started();
  const auto two = Started();
  ASSERT_TRUE(Save(*one, {Block("u"), Block("v")}));
  EXPECT_TRUE(DriveUntil(*loop_, [&] { return Blocks(*two, "u") && Blocks(*two, "v"); }));
  EXPECT_EQ(two->applied.size(), 2u) << "sessions of theirs are ended";
  Entry lifted = Block("u", 2000);
  lifted.lifted = true;
  lifted.decided_at = SystemClock().WallNow().ms;
  ASSERT_TRUE(Save(*one, {lifted}));
  EXPECT_TRUE(DriveUntil(*loop_, [&] { return !Blocks(*two, "u"); }));
  one.reset();
  const auto three = Started();
  EXPECT_FALSE(Blocks(*three, "u"));
  EXPECT_TRUE(Blocks(*three, "v"));
  EXPECT_TRUE(three->applied.empty()) << "there were no sessions yet";
}

TEST_F(RedisStoreTest, AllAreReadAtTheStartHoweverMany) {
  auto one = Started();
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < kEntriesMax; ++i) entries.push_back(Block("u" + std::to_string(i)));
  ASSERT_TRUE(Save(*one, entries));
  const auto full = Save(*one, {Block("one more")});
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Errc::kLimitExceeded);
  EXPECT_TRUE(Save(*one, {Block("u5", 2000)})) << "what is there may change";
  Entry lifted = Block("unknown");
  lifted.lifted = true;
  EXPECT_TRUE(Save(*one, {lifted})) << "lifting is never refused";
  const auto two = Started();
  for (const Entry& entry : entries) EXPECT_TRUE(Blocks(*two, entry.subject)) << entry.subject;
}

TEST_F(RedisStoreTest, OfTwoTheLaterDecisionIsKept) {
  auto one = Started();
  Entry lifted = Block("u", SystemClock().WallNow().ms);
  lifted.lifted = true;
  ASSERT_TRUE(Save(*one, {lifted}));
  ASSERT_TRUE(Save(*one, {Block("u", 1000)}));
  one.reset();
  EXPECT_FALSE(Blocks(*Started(), "u"));
}

TEST_F(RedisStoreTest, WhatHasExpiredGoesFromRedis) {
  auto one = Started();
  Entry entry = Block("u");
  entry.expire_at = SystemClock().WallNow().ms / 1000 + 2;
  ASSERT_TRUE(Save(*one, {entry}));
  EXPECT_EQ(server_.Ask({"HLEN", "tidemill.access.data.{.access}"}).integer, 1);
  EXPECT_TRUE(DriveUntil(
      *loop_, [&] { return server_.Ask({"HLEN", "tidemill.access.data.{.access}"}).integer == 0; }));
  EXPECT_EQ(server_.Ask({"ZCARD", "tidemill.access.log.{.access}"}).integer, 0);
  EXPECT_EQ(server_.Ask({"ZCARD", "tidemill.access.ends.{.access}"}).integer, 0);
}

TEST_F(RedisStoreTest, ARedisThatLostItsDataGetsItBack) {
  auto one = Started();
  ASSERT_TRUE(Save(*one, {Block("u")}));
  ASSERT_TRUE(DriveUntil(*loop_, [&] { return Blocks(*one, "u"); }));
  server_.Ask({"FLUSHALL"});
  EXPECT_TRUE(DriveUntil(
      *loop_, [&] { return server_.Ask({"HLEN", "tidemill.access.data.{.access}"}).integer == 1; }));
  one.reset();
  EXPECT_TRUE(Blocks(*Started(), "u"));
}

TEST_F(RedisStoreTest, ANodeThatStartsWhileRedisIsAwayLetsNobodyIn) {
  {
    auto one = Started();
    ASSERT_TRUE(Save(*one, {Block("u")}));
  }
  server_.Kill();
  Node node(*this);
  node.keeper.Start();
  EXPECT_TRUE(DriveUntil(*loop_, [&] {
    return node.registry.Text().find("tidemill_access_store_failures_total 0") == std::string::npos;
  }));
  EXPECT_FALSE(node.list.ready());
  server_.Restart();
  EXPECT_TRUE(DriveUntil(*loop_, [&] { return node.list.ready(); }));
  EXPECT_TRUE(Blocks(node, "u"));
}

TEST_F(RedisStoreTest, ANodeThatLosesRedisGoesOnWithWhatItKnows) {
  const auto one = Started();
  ASSERT_TRUE(Save(*one, {Block("u")}));
  ASSERT_TRUE(DriveUntil(*loop_, [&] { return Blocks(*one, "u"); }));
  server_.Kill();
  ASSERT_TRUE(DriveUntil(*loop_, [&] {
    return one->registry.Text().find("tidemill_access_store_failures_total 0") == std::string::npos;
  }));
  EXPECT_TRUE(one->list.ready());
  EXPECT_TRUE(Blocks(*one, "u"));
}

}  // namespace
}  // namespace tidemill::access
