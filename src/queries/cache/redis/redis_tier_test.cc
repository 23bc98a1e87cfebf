// Nodes that share a real Redis, on one loop: what one keeps serves the others, and no Redis that is away,
// stands still or refuses makes an error of a request.
#include "queries/cache/redis/redis_tier.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "net/async.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "queries/cache/cache.h"
#include "queries/cache/redis/change_follower.h"
#include "queries/cache/redis/keys.h"
#include "queries/cache/testing/fake_query.h"
#include "redis/testing/redis_server.h"
#include "redis/topology.h"

namespace tidemill::queries::redis_tier {
namespace {

using net::testing::DriveUntil;
using queries::testing::FakeQuery;
using queries::testing::JsonOf;
using queries::testing::KeyOf;
using redis::testing::RedisServer;

struct Request {
  std::optional<Result<FoundAnswer>> result;
  TaskScope scope;

  std::string Body() const {
    if (!result) return "(waits)";
    if (!*result) return "(" + (*result).error().detail + ")";
    return (*result)->answer->response.body;
  }
};

class Node {
 public:
  Node(net::Loop& loop, const redis::Topology& topology, RedisTierOptions options)
      : loop_(loop),
        query(loop),
        client_(topology.MakeClient(loop, redis_metrics_)),
        tier_(MakeRedisTier(loop, *client_, unsent_, options, metrics)),
        cache(loop, store, tier_.get()),
        follower_(loop, store.generations(), RedisKeys(options.prefix).Changes(), options.node, metrics),
        subscriber_(topology.MakeSubscriber(loop, follower_, redis_metrics_)) {
    follower_.Follow(*subscriber_);
    policy = Policy({"orders"});
  }

  std::shared_ptr<const CachePolicy> Policy(std::vector<std::string> tables, Duration ttl = Hours(1),
                                            Duration swr = Duration{}) {
    return MakeCachePolicy({.ttl = ttl, .stale_while_revalidate = swr}, tables, store.generations());
  }
  std::unique_ptr<Request> Ask(std::string_view endpoint = "e") { return AskWith(policy, endpoint); }
  std::unique_ptr<Request> AskWith(std::shared_ptr<const CachePolicy> with, std::string_view endpoint = "e") {
    auto request = std::make_unique<Request>();
    request->scope.Spawn(net::testing::Keep(
        cache.Get(KeyOf(endpoint), std::move(with), [this] { return query.Run(); }), request->result));
    return request;
  }
  // A request whose query, if it comes to one, gives `fresh`.
  std::string Get(std::string fresh, std::string_view endpoint = "e") {
    const auto request = Ask(endpoint);
    const std::size_t number = query.begun();
    EXPECT_TRUE(Drive([&] { return request->result || query.begun() > number || query.running() > 0; }));
    if (!request->result) query.Answer(query.begun() - 1, std::move(fresh));
    EXPECT_TRUE(Drive([&] { return request->result.has_value(); }));
    return request->Body();
  }
  void Changed(std::string name = "orders") {
    bool done = false;
    TaskScope scope;
    scope.Spawn(Change(std::move(name), done));
    EXPECT_TRUE(Drive([&] { return done; }));
  }
  bool Drive(const std::function<bool()>& done) { return DriveUntil(loop_, done); }
  bool following() const { return metrics.following.value() == 1; }

 private:
  Task<void> Change(std::string name, bool& done) {
    std::vector<std::string> names;
    names.push_back(std::move(name));
    co_await cache.Changed(std::move(names));
    done = true;
  }

  net::Loop& loop_;
  metrics::Registry registry_;
  redis::Metrics redis_metrics_{registry_};
  UnsentChanges unsent_;

 public:
  RedisTierMetrics metrics{registry_};
  AnswerStore store{{}, registry_};
  FakeQuery query;

 private:
  std::unique_ptr<redis::Client> client_;
  std::unique_ptr<RemoteTier> tier_;

 public:
  Cache cache;
  std::shared_ptr<const CachePolicy> policy;

 private:
  ChangeFollower follower_;
  std::unique_ptr<redis::Subscriber> subscriber_;
};

class RedisTierTest : public ::testing::Test {
 protected:
  // `patience` is long unless the test is about it: the machine may be slow.
  std::unique_ptr<Node> MakeNode(std::string name, Duration patience = Seconds(20),
                                 Duration pause_after_failure = Milliseconds(1)) {
    auto node = std::make_unique<Node>(
        *loop_, *topology_,
        RedisTierOptions{
            .node = std::move(name), .patience = patience, .pause_after_failure = pause_after_failure});
    EXPECT_TRUE(node->Drive([&] { return node->following(); }));
    return node;
  }
  // Fills `node` and waits until the answer is in Redis.
  void Fill(Node& node, std::string body, std::string_view endpoint = "e") {
    const std::uint64_t before = node.metrics.kept.value();
    ASSERT_EQ(node.Get(body, endpoint), body);
    ASSERT_TRUE(node.Drive([&] { return node.metrics.kept.value() > before; }));
  }

  RedisServer server_;
  const std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
  const std::unique_ptr<const redis::Topology> topology_ = [this] {
    redis::RedisSettings settings;
    settings.address = {{server_.endpoint().ToString()}};
    settings.io_timeout = Seconds(1);
    return *redis::OpenTopology(settings);
  }();
};

TEST_F(RedisTierTest, WhatOneNodeKeepsServesTheOthers) {
  const auto a = MakeNode("a");
  const auto b = MakeNode("b");
  Fill(*a, "[1]");
  const auto request = b->Ask();
  ASSERT_TRUE(b->Drive([&] { return request->result.has_value(); }));
  EXPECT_EQ(request->Body(), "[1]");
  EXPECT_EQ(b->query.begun(), 0u);
  const FoundAnswer& found = request->result->value();
  EXPECT_TRUE(found.remote);
  EXPECT_TRUE(found.kept);
  EXPECT_EQ(found.answer->etag, CachedAnswer::Make(JsonOf("[1]"))->etag);
  EXPECT_GT(found.ttl_left, Minutes(50));
  EXPECT_LE(found.ttl_left, Minutes(66));
  // From its own memory from now on.
  EXPECT_EQ(b->Get("none"), "[1]");
  EXPECT_EQ(b->metrics.hits.value(), 1u);
}

TEST_F(RedisTierTest, OneQueryForAllNodes) {
  const auto a = MakeNode("a");
  const auto b = MakeNode("b");
  std::vector<std::unique_ptr<Request>> requests;
  for (int i = 0; i < 500; ++i) {
    requests.push_back(a->Ask());
    requests.push_back(b->Ask());
  }
  ASSERT_TRUE(a->Drive([&] { return a->query.begun() + b->query.begun() > 0; }));
  net::testing::RunTurns(*loop_, 50);
  (a->query.begun() > 0 ? a : b)->query.Answer(0, "[1]");
  ASSERT_TRUE(a->Drive([&] {
    return std::ranges::all_of(requests, [](const auto& request) { return request->result.has_value(); });
  }));
  for (const auto& request : requests) EXPECT_EQ(request->Body(), "[1]");
  EXPECT_EQ(a->query.begun() + b->query.begun(), 1u);
}

TEST_F(RedisTierTest, AFailedQueryLeavesTheLockToTheNextNode) {
  const auto a = MakeNode("a");
  const auto b = MakeNode("b");
  const auto first = a->Ask();
  ASSERT_TRUE(a->Drive([&] { return a->query.begun() == 1; }));
  const auto second = b->Ask();
  net::testing::RunTurns(*loop_, 20);
  a->query.Answer(0, Fail(Errc::kUnavailable, "lost"));
  ASSERT_TRUE(b->Drive([&] { return b->query.begun() == 1; }));
  EXPECT_EQ(first->Body(), "(lost)");
  b->query.Answer(0, "[1]");
  ASSERT_TRUE(b->Drive([&] { return second->result.has_value(); }));
  EXPECT_EQ(second->Body(), "[1]");
}

TEST_F(RedisTierTest, AQueryThatIsCancelledLeavesTheLockToTheNextNode) {
  const auto a = MakeNode("a");
  const auto b = MakeNode("b");
  auto first = a->Ask();
  ASSERT_TRUE(a->Drive([&] { return a->query.begun() == 1; }));
  first.reset();
  EXPECT_EQ(b->Get("[b]"), "[b]");
  EXPECT_EQ(b->metrics.impatient.value(), 0u);
}

TEST_F(RedisTierTest, NobodyWaitsForLongForAnotherNodesQuery) {
  const auto a = MakeNode("a");
  const auto b = MakeNode("b", Milliseconds(100));
  const auto first = a->Ask();
  ASSERT_TRUE(a->Drive([&] { return a->query.begun() == 1; }));
  EXPECT_EQ(b->Get("[b]"), "[b]");
  EXPECT_EQ(b->query.begun(), 1u);
}

TEST_F(RedisTierTest, AStaleAnswerIsGivenWhileAnotherNodeMakesANewOne) {
  const auto a = MakeNode("a");
  const auto b = MakeNode("b");
  const auto policy_a = a->Policy({"orders"}, Seconds(1), Hours(1));
  const auto policy_b = b->Policy({"orders"}, Seconds(1), Hours(1));
  const auto first = a->AskWith(policy_a);
  ASSERT_TRUE(a->Drive([&] { return a->query.begun() == 1; }));
  a->query.Answer(0, "old");
  ASSERT_TRUE(a->Drive([&] { return a->metrics.kept.value() == 1; }));
  const MonotonicTime stale_at = loop_->Now() + Milliseconds(1200);
  ASSERT_TRUE(a->Drive([&] { return loop_->Now() > stale_at; }));
  const auto refresh = a->AskWith(policy_a);
  EXPECT_EQ(refresh->Body(), "old");
  ASSERT_TRUE(a->Drive([&] { return a->query.begun() == 2; }));
  const auto other = b->AskWith(policy_b);
  ASSERT_TRUE(b->Drive([&] { return other->result.has_value(); }));
  EXPECT_EQ(other->Body(), "old");
  EXPECT_LT(other->result->value().ttl_left, Duration{});
  EXPECT_EQ(b->query.begun(), 0u);
}

TEST_F(RedisTierTest, AWriteOnOneNodeEndsTheAnswersOfAll) {
  const auto a = MakeNode("a");
  const auto b = MakeNode("b");
  Fill(*a, "[1]");
  EXPECT_EQ(b->Get("none"), "[1]");
  a->Changed("public.Orders");
  // It does not come from Redis any more, also to a node that kept nothing.
  EXPECT_EQ(a->Get("[2]"), "[2]");
  ASSERT_TRUE(b->Drive([&] { return b->metrics.changes_received.value() == 1; }));
  ASSERT_TRUE(a->Drive([&] { return a->metrics.kept.value() == 2; }));
  EXPECT_EQ(b->Get("none"), "[2]");
  EXPECT_EQ(a->metrics.changes_received.value(), 0u);
  EXPECT_EQ(a->metrics.changes_unsent.value(), 0);
}

TEST_F(RedisTierTest, AChangeOfWhoKnowsWhatEndsAllAnswersOfAll) {
  const auto a = MakeNode("a");
  const auto b = MakeNode("b");
  Fill(*a, "[1]");
  EXPECT_EQ(b->Get("none"), "[1]");
  a->Changed("*");
  ASSERT_TRUE(b->Drive([&] { return b->metrics.changes_received.value() == 1; }));
  EXPECT_EQ(b->Get("[2]"), "[2]");
}

TEST_F(RedisTierTest, ASlowQueryDoesNotKeepAnOldAnswerForOtherNodes) {
  const auto a = MakeNode("a");
  const auto b = MakeNode("b");
  const auto slow = a->Ask();
  ASSERT_TRUE(a->Drive([&] { return a->query.begun() == 1; }));
  b->Changed();
  a->query.Answer(0, "old");
  ASSERT_TRUE(a->Drive([&] { return slow->result.has_value(); }));
  net::testing::RunTurns(*loop_, 20);
  EXPECT_EQ(b->Get("new"), "new");
}

TEST_F(RedisTierTest, ANodeThatMissedMessagesDropsWhatItKeeps) {
  const auto a = MakeNode("a");
  ASSERT_EQ(a->Get("[1]"), "[1]");
  // Of Redis' copy too: what is asked for again would come from there.
  server_.Ask({"FLUSHALL"});
  server_.Ask({"CLIENT", "KILL", "TYPE", "pubsub"});
  ASSERT_TRUE(a->Drive([&] { return !a->following(); }));
  EXPECT_EQ(a->Get("none"), "[1]");
  ASSERT_TRUE(a->Drive([&] { return a->following(); }));
  EXPECT_EQ(a->Get("[2]"), "[2]");
}

TEST_F(RedisTierTest, WithoutRedisTheMemoryServes) {
  const auto a = MakeNode("a", Seconds(1));
  Fill(*a, "[1]");
  server_.Kill();
  ASSERT_TRUE(a->Drive([&] { return !a->following(); }));
  EXPECT_EQ(a->Get("none"), "[1]");
  EXPECT_EQ(a->Get("[x]", "another"), "[x]");
  a->Changed();
  EXPECT_EQ(a->metrics.changes_unsent.value(), 1);
  EXPECT_EQ(a->Get("[2]"), "[2]");
  EXPECT_EQ(a->Get("none"), "[2]");

  server_.Restart();
  ASSERT_TRUE(a->Drive([&] { return a->following() && a->metrics.changes_unsent.value() == 0; }));
  const auto b = MakeNode("b");
  Fill(*b, "[3]", "third");
  EXPECT_EQ(a->Get("none", "third"), "[3]");
}

TEST_F(RedisTierTest, ARedisThatStandsStillCostsAMomentOnce) {
  const auto a = MakeNode("a", Milliseconds(100), Seconds(60));
  Fill(*a, "[1]");
  server_.Stop();
  EXPECT_EQ(a->Get("[2]", "second"), "[2]");
  EXPECT_EQ(a->metrics.failures.value(), 1u);
  for (int i = 0; i < 20; ++i) {
    const std::string endpoint = "e" + std::to_string(i);
    EXPECT_EQ(a->Get(endpoint, endpoint), endpoint);
  }
  EXPECT_EQ(a->metrics.failures.value(), 1u);
  EXPECT_GE(a->metrics.skipped.value(), 20u);
  EXPECT_EQ(a->Get("none"), "[1]");
  server_.Continue();
}

TEST_F(RedisTierTest, ARedisThatRefusesIsNoError) {
  for (const redis::Command& refuse : {redis::Command{"CONFIG", "SET", "maxmemory", "1"},
                                       redis::Command{"ACL", "SETUSER", "default", "-eval", "-evalsha"}}) {
    const auto a = MakeNode("a");
    ASSERT_FALSE(server_.Ask(refuse).is_error());
    EXPECT_EQ(a->Get("[1]"), "[1]");
    EXPECT_EQ(a->metrics.failures.value(), 1u);
    EXPECT_EQ(a->Get("none"), "[1]");
    a->Changed();
    EXPECT_EQ(a->Get("[2]"), "[2]");
    server_.Ask({"CONFIG", "SET", "maxmemory", "0"});
    server_.Ask({"ACL", "SETUSER", "default", "+@all"});
    ASSERT_TRUE(a->Drive([&] { return a->metrics.changes_unsent.value() == 0; }));
  }
}

TEST_F(RedisTierTest, AChangeThatRedisHasNotHeardOfIsNotUndoneByRedis) {
  const auto a = MakeNode("a", Milliseconds(100));
  Fill(*a, "old");
  server_.Stop();
  a->Changed();
  server_.Continue();
  EXPECT_EQ(a->Get("new"), "new");
  ASSERT_TRUE(a->Drive([&] { return a->metrics.changes_unsent.value() == 0; }));
  EXPECT_EQ(a->Get("none"), "new");
}

TEST_F(RedisTierTest, GenerationsThatWereLostDoNotComeBack) {
  const auto a = MakeNode("a");
  const auto b = MakeNode("b");
  Fill(*a, "old");
  server_.Ask({"DEL", RedisKeys("tidemill").Generations()});
  EXPECT_EQ(b->Get("new"), "new");
}

// Nodes, writes and requests in random order: a node's own writes are in its answers, and at the end all
// nodes have the newest.
TEST_F(RedisTierTest, NoNodeLosesItsOwnWritesAndAllComeToTheNewest) {
  std::vector<std::unique_ptr<Node>> nodes;
  for (const char* name : {"a", "b", "c"}) nodes.push_back(MakeNode(name));
  std::mt19937 random(11);
  std::uint64_t row = 0;
  std::vector<std::uint64_t> own(nodes.size());
  for (int i = 0; i < 1500; ++i) {
    const std::size_t at = random() % nodes.size();
    if (random() % 5 == 0) {
      ++row;
      nodes[at]->Changed();
      own[at] = row;
    } else {
      ASSERT_GE(std::stoull(nodes[at]->Get(std::to_string(row))), own[at]) << i;
    }
  }
  nodes[0]->Changed();
  for (const auto& node : nodes) {
    const std::uint64_t sent = nodes[0]->metrics.changes_sent.value();
    ASSERT_GT(sent, 0u);
    ASSERT_TRUE(node->Drive([&] { return std::stoull(node->Get(std::to_string(row))) == row; }));
  }
  EXPECT_GT(nodes[1]->metrics.hits.value(), 20u);
}

}  // namespace
}  // namespace tidemill::queries::redis_tier
