// Nodes with queues of their own that share a real Redis.
#include "events/redis/shared_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "events/event_queue.h"
#include "events/sender.h"
#include "net/sleep.h"
#include "net/testing/run_task.h"
#include "redis/metrics.h"
#include "redis/testing/redis_server.h"
#include "redis/topology.h"

namespace tidemill::events {
namespace {

using net::testing::DriveUntil;
using redis::testing::RedisServer;

using Lines = std::vector<std::string>;

// The operator's endpoint: the same for all nodes.
struct Service final : Target {
  Task<Result<void>> Deliver(const Batch& batch) override {
    if (is_down) co_return Fail(Errc::kUnavailable, "down");
    for (const BatchItem& item : batch.items) {
      told.push_back(item.channel.empty() ? item.json : std::string(NameOf(item.type)) + " " + item.channel);
    }
    co_return {};
  }
  bool is_here() const override { return reachable; }

  bool is_down = false;
  bool reachable = true;
  Lines told;
};

class SharedLogTest : public ::testing::Test {
 protected:
  struct Node {
    Node(SharedLogTest& test, std::string name, std::size_t entries_max)
        : loop(*test.loop_),
          client(test.topology_->MakeClient(loop, redis_metrics)),
          queue(name, {.lanes = 2, .vacated_delay = Duration{}}, metrics,
                [this](std::size_t lane) { sender.Wake(lane); }),
          log(loop, *client, test.service_,
              {.node = name,
               .lanes = 2,
               .entries_max = entries_max,
               .beat_interval = Milliseconds(30),
               .gone_after = Seconds(2),
               .claim = Milliseconds(1500),
               .look_interval = Milliseconds(10)},
              metrics,
              [this] {
                ++forgotten;
                queue.Forget();
                sender.Reschedule();
              }),
          sender(loop, queue, log, metrics) {
      log.Start();
    }
    EventQueue::Moment Now() const { return {.wall = loop.clock().WallNow(), .now = loop.clock().Now()}; }
    void Occupy(std::string_view channel) { queue.SetOccupied(channel, Now()); }
    void Vacate(std::string_view channel) { queue.SetVacated(channel, Now()); }

    net::Loop& loop;
    metrics::Registry registry;
    redis::Metrics redis_metrics{registry};
    Metrics metrics{registry};
    std::unique_ptr<redis::Client> client;
    int forgotten = 0;
    EventQueue queue;
    SharedLog log;
    Sender sender;
  };

  SharedLogTest() : loop_(*net::Loop::Open({})) {
    redis::RedisSettings settings;
    settings.address = {{"127.0.0.1:" + std::to_string(server_.port())}};
    topology_ = *redis::OpenTopology(settings);
  }
  std::unique_ptr<Node> Start(std::string name, std::size_t entries_max = 10'000) {
    return std::make_unique<Node>(*this, std::move(name), entries_max);
  }
  bool Until(const std::function<bool()>& done) { return DriveUntil(*loop_, done); }
  bool UntilTold(const Lines& lines) {
    return Until([&] { return service_.told == lines; });
  }
  // For what must not come: as long as several beats and looks take.
  void Settle() { net::testing::RunTask(*loop_, Pause()); }
  Task<bool> Pause() {
    co_await net::Sleep(*loop_, Milliseconds(200));
    co_return true;
  }

  RedisServer server_;
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<const redis::Topology> topology_;
  Service service_;
};

TEST_F(SharedLogTest, AChannelIsOccupiedOnceForAllNodes) {
  auto a = Start("a");
  auto b = Start("b");
  a->Occupy("x");
  ASSERT_TRUE(UntilTold({"occupied x"}));
  b->Occupy("x");
  ASSERT_TRUE(Until([&] { return b->queue.waiting() == 0 && b->queue.idle(); }));
  a->Vacate("x");
  ASSERT_TRUE(Until([&] { return a->queue.idle(); }));
  Settle();
  EXPECT_EQ(service_.told, (Lines{"occupied x"}));
  b->Vacate("x");
  ASSERT_TRUE(UntilTold({"occupied x", "vacated x"}));
  a->queue.Add({.type = EventType::kJoin, .channel = "x", .user = "u", .client = "c"}, a->Now());
  ASSERT_TRUE(Until([&] { return service_.told.size() == 3; }));
  EXPECT_NE(service_.told[2].find(R"("type":"join","channel":"x","user":"u")"), std::string::npos);
}

TEST_F(SharedLogTest, OneNodeTellsAndAnotherGoesOnWhenItIsGone) {
  auto a = Start("a");
  ASSERT_TRUE(Until([&] { return a->log.tells(); }));
  auto b = Start("b");
  b->Occupy("x");
  ASSERT_TRUE(UntilTold({"occupied x"}));
  EXPECT_FALSE(b->log.tells());
  a->Occupy("mine");
  ASSERT_TRUE(UntilTold({"occupied x", "occupied mine"}));
  service_.is_down = true;
  b->Occupy("y");
  ASSERT_TRUE(Until([&] { return b->queue.idle(); }));
  a.reset();
  ASSERT_TRUE(Until([&] { return b->log.tells(); }));
  service_.is_down = false;
  // What was not told by the one, and what it had.
  ASSERT_TRUE(Until([&] { return service_.told.size() == 4; }));
  EXPECT_EQ(std::ranges::count(service_.told, "occupied y"), 1);
  EXPECT_EQ(std::ranges::count(service_.told, "vacated mine"), 1);
}

TEST_F(SharedLogTest, ANodeThatDoesNotReachTheServiceDoesNotTell) {
  service_.reachable = false;
  auto a = Start("a");
  a->Occupy("x");
  ASSERT_TRUE(Until([&] { return a->queue.idle(); }));
  Settle();
  EXPECT_FALSE(a->log.tells());
  EXPECT_TRUE(service_.told.empty());
  service_.reachable = true;
  EXPECT_TRUE(UntilTold({"occupied x"}));
}

TEST_F(SharedLogTest, WhatRedisLostIsRecordedAgain) {
  auto a = Start("a");
  a->Occupy("x");
  ASSERT_TRUE(UntilTold({"occupied x"}));
  server_.Ask({"FLUSHALL"});
  ASSERT_TRUE(UntilTold({"occupied x", "occupied x"}));
  EXPECT_EQ(a->forgotten, 1);
  a->Vacate("x");
  EXPECT_TRUE(UntilTold({"occupied x", "occupied x", "vacated x"}));
}

TEST_F(SharedLogTest, AFullLogHoldsTheNodesBackAndNothingIsLost) {
  service_.is_down = true;
  auto a = Start("a", 1);
  for (int i = 0; i < 6; ++i) {
    a->Occupy("c" + std::to_string(i));
    Settle();
  }
  EXPECT_FALSE(a->queue.idle()) << "one in the log of each of two lanes, the others wait here";
  service_.is_down = false;
  ASSERT_TRUE(Until([&] { return service_.told.size() == 6; }));
  EXPECT_TRUE(Until([&] { return a->queue.idle(); }));
}

}  // namespace
}  // namespace tidemill::events
