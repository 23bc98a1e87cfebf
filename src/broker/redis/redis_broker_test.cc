#include "broker/redis/redis_broker.h"

#include <gtest/gtest.h>

#include <semaphore>
#include <thread>

#include "base/random.h"
#include "broker/testing/broker_contract.h"
#include "broker/testing/presence_contract.h"
#include "redis/single.h"
#include "redis/testing/redis_server.h"

namespace tidemill::broker {
namespace {

using redis::testing::RedisServer;
using testing::Backend;
using testing::BackendParam;
using testing::BrokerContract;
using testing::BrokerFixture;
using testing::BrokerStress;
using testing::PresenceContract;

// One server for all tests; each has a prefix of its own.
RedisServer& Server() {
  static RedisServer server;
  return server;
}

class RedisBackend final : public Backend {
 public:
  RedisBackend(const std::vector<net::Loop*>& loops, RedisBrokerOptions options)
      : subscribers_(loops.size()) {
    options.prefix = RandomLetters(12);
    const RedisConnections connections{
        .make_client =
            [&, prefix = options.prefix](net::Loop& loop) {
              return redis::MakeSingleClient(loop, redis::MakeFixedLocator(Server().endpoint()),
                                             {.connection = {}, .incarnation_key = prefix + ".incarnation"},
                                             redis_metrics_);
            },
        .make_subscriber =
            [&](net::Loop& loop, redis::SubscriberEvents& events) {
              auto subscriber = redis::MakeSingleSubscriber(
                  loop, redis::MakeFixedLocator(Server().endpoint()), {}, events, redis_metrics_);
              subscribers_[loop.index()] = subscriber.get();
              return subscriber;
            }};
    group_ = MakeRedisBrokerGroup(loops, connections, std::move(options), metrics_);
    for (std::size_t i = 0; i < loops.size(); ++i) nodes_.push_back(group_->TakeNode(i));
  }
  Broker& broker(std::size_t loop) override { return *nodes_[loop].broker; }
  PresenceStore& presence(std::size_t loop) override { return *nodes_[loop].presence; }

  void Settle(BrokerFixture& fixture) override {
    while (group_->down_since()) std::this_thread::yield();
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const auto passed = fixture.Await<Result<void>>(i, [&, i] { return subscribers_[i]->Barrier("any"); });
      ASSERT_TRUE(passed) << passed.error().detail;
    }
  }

 private:
  metrics::Registry registry_;
  redis::Metrics redis_metrics_{registry_};
  redis_broker::Metrics metrics_{registry_};
  std::vector<redis::Subscriber*> subscribers_;
  std::unique_ptr<RedisBrokerGroup> group_;
  std::vector<LoopBroker> nodes_;
};

BackendParam OnLoops(std::size_t loops) {
  return {.name = std::to_string(loops) + (loops == 1 ? "Loop" : "Loops"),
          .loops = loops,
          .make =
              [](const std::vector<net::Loop*>& opened) {
                return std::make_unique<RedisBackend>(opened, RedisBrokerOptions{});
              },
          .follows_clock = false,
          .publish_in_line = false};
}

INSTANTIATE_TEST_SUITE_P(Redis, BrokerContract, ::testing::Values(OnLoops(1), OnLoops(3)),
                         BrokerContract::Name);
INSTANTIATE_TEST_SUITE_P(Redis, BrokerStress, ::testing::Values(OnLoops(1), OnLoops(3)), BrokerStress::Name);
INSTANTIATE_TEST_SUITE_P(Redis, PresenceContract, ::testing::Values(OnLoops(1), OnLoops(3)),
                         PresenceContract::Name);

}  // namespace
}  // namespace tidemill::broker
