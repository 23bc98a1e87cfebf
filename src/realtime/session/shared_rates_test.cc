// What users send, counted over a real Redis: two nodes of one test.
#include "realtime/session/shared_rates.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/clock.h"
#include "net/testing/run_task.h"
#include "realtime/session/rate_limit_settings.h"
#include "redis/metrics.h"
#include "redis/testing/redis_server.h"
#include "redis/topology.h"

namespace tidemill::session {
namespace {

using net::testing::DriveUntil;
using net::testing::RunTask;
using redis::testing::RedisServer;

class SharedRatesTest : public ::testing::Test {
 protected:
  struct Node {
    explicit Node(SharedRatesTest& test)
        : redis_metrics(registry),
          metrics(registry),
          client(test.topology_->MakeClient(*test.loop_, redis_metrics)),
          rates(MakeRedisRates(*test.loop_, *client, "tm", metrics)) {}
    metrics::Registry registry;
    redis::Metrics redis_metrics;
    SharedRateMetrics metrics;
    std::unique_ptr<redis::Client> client;
    std::unique_ptr<SharedRates> rates;
  };

  SharedRatesTest() : loop_(*net::Loop::Open({})) {
    redis::RedisSettings settings;
    settings.address = {{"127.0.0.1:" + std::to_string(server_.port())}};
    topology_ = *redis::OpenTopology(settings);
  }

  std::unique_ptr<Node> Connected() {
    auto node = std::make_unique<Node>(*this);
    EXPECT_TRUE(
        DriveUntil(*loop_, [&] { return RunTask(*loop_, node->client->Send("", {"PING"})).has_value(); }));
    return node;
  }
  // The limit that refuses it; "": none does.
  std::string Refused(Node& node, const std::string& user, const RateLimits& limits,
                      Operation operation = Operation::Connect()) {
    const auto limit = RunTask(*loop_, node.rates->RefusedBy(user, limits.BucketsOf(operation), limits));
    return std::string(limit.value_or(""));
  }
  void Pause(Duration time) {
    const MonotonicTime end = SystemClock().Now() + time;
    DriveUntil(*loop_, [&] { return SystemClock().Now() >= end; });
  }
  static RateLimits Limits(RateLimitSettings settings) { return *RateLimits::Make(settings); }

  RedisServer server_;
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<const redis::Topology> topology_;
};

TEST_F(SharedRatesTest, TwoNodesCountOneUserTogether) {
  const auto one = Connected();
  const auto two = Connected();
  const RateLimits limits = Limits({.connect = {"3/1h"}});
  const RateLimits same = Limits({.connect = {"3/1h"}});
  EXPECT_EQ(Refused(*one, "ann", limits), "");
  EXPECT_EQ(Refused(*two, "ann", same), "");
  EXPECT_EQ(Refused(*one, "ann", limits), "");
  EXPECT_EQ(Refused(*two, "ann", same), "connect");
  EXPECT_EQ(Refused(*one, "ann", limits), "connect");
  EXPECT_EQ(Refused(*one, "bob", limits), "") << "another user";
  EXPECT_TRUE(two->registry.Text().contains("tidemill_user_rates_asked_total 2\n"));
  EXPECT_TRUE(two->registry.Text().contains("tidemill_user_rates_unanswered_total 0\n"));
}

TEST_F(SharedRatesTest, WhatIsRefusedTakesNothingOfTheOthersAndBucketsFillAgain) {
  const auto node = Connected();
  const RateLimits limits = Limits({.total = {"2/1h"}, .connect = {"1/50ms"}});
  EXPECT_EQ(Refused(*node, "ann", limits), "");
  EXPECT_EQ(Refused(*node, "ann", limits), "connect");
  Pause(Milliseconds(60));
  EXPECT_EQ(Refused(*node, "ann", limits), "") << "the refused one took nothing of total";
  Pause(Milliseconds(60));
  EXPECT_EQ(Refused(*node, "ann", limits), "total");
}

TEST_F(SharedRatesTest, AUsersKeyGoesWhenItsBucketsAreFull) {
  const auto node = Connected();
  EXPECT_EQ(Refused(*node, "ann", Limits({.connect = {"1/100ms"}})), "");
  const auto exists = [&] { return server_.Ask({"EXISTS", "tm.rate.ann"}).integer; };
  EXPECT_EQ(exists(), 1);
  EXPECT_TRUE(DriveUntil(*loop_, [&] { return exists() == 0; }));
}

TEST_F(SharedRatesTest, WithoutRedisNothingIsRefusedHere) {
  const auto node = Connected();
  const RateLimits limits = Limits({.connect = {"1/1h"}});
  EXPECT_EQ(Refused(*node, "ann", limits), "");
  server_.Stop();
  EXPECT_EQ(Refused(*node, "ann", limits), "") << "no answer: what the node counts holds";
  server_.Continue();
  EXPECT_TRUE(node->registry.Text().contains("tidemill_user_rates_unanswered_total 1\n"))
      << node->registry.Text();
}

TEST_F(SharedRatesTest, ARedisThatHangsDelaysOneCommandInASecond) {
  const auto node = Connected();
  const RateLimits limits = Limits({.connect = {"1/1h"}});
  EXPECT_EQ(Refused(*node, "ann", limits), "");
  server_.Stop();
  EXPECT_EQ(Refused(*node, "ann", limits), "");
  const MonotonicTime begin = SystemClock().Now();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Refused(*node, "ann", limits), "");
  EXPECT_LT(SystemClock().Now() - begin, Milliseconds(400)) << "they do not wait";
  EXPECT_TRUE(node->registry.Text().contains("tidemill_user_rates_unanswered_total 11\n"))
      << node->registry.Text();
  server_.Continue();
  EXPECT_TRUE(DriveUntil(*loop_, [&] { return Refused(*node, "ann", limits) == "connect"; }));
}

}  // namespace
}  // namespace tidemill::session
