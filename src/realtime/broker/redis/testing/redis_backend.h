// RedisBackend: the Redis broker for the contract suites and its own tests, on a real server.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/testing/patience.h"
#include "realtime/broker/redis/redis_broker.h"
#include "realtime/broker/testing/broker_fixture.h"
#include "redis/single.h"
#include "redis/testing/redis_server.h"

namespace tidemill::broker::testing {

// One server for all tests of a process; each test has its own prefix.
inline redis::testing::RedisServer& Server() {
  static redis::testing::RedisServer server;
  return server;
}

class RedisBackend final : public Backend {
 public:
  static redis::ConnectionOptions PatientConnection() {
    return {.connect_timeout = tidemill::testing::kPatience, .io_timeout = tidemill::testing::kPatience};
  }
  // Those of one prefix are nodes that share channels.
  RedisBackend(const std::vector<net::Loop*>& loops, RedisBrokerOptions options,
               std::string prefix = RandomLetters(12))
      : prefix_(std::move(prefix)), subscribers_(loops.size()) {
    options.prefix = prefix_;
    const RedisConnections connections{
        .make_client =
            [&](net::Loop& loop) {
              return redis::MakeSingleClient(
                  loop, redis::MakeFixedLocator(Server().endpoint()),
                  {.connection = PatientConnection(), .incarnation_key = prefix_ + ".incarnation"},
                  redis_metrics_);
            },
        .make_subscriber =
            [&](net::Loop& loop, redis::SubscriberEvents& events) {
              auto subscriber =
                  redis::MakeSingleSubscriber(loop, redis::MakeFixedLocator(Server().endpoint()),
                                              PatientConnection(), events, redis_metrics_);
              subscribers_[loop.index()] = subscriber.get();
              return subscriber;
            }};
    shards_ = MakeRedisBrokerShards(loops, connections, std::move(options), metrics_);
    for (std::size_t i = 0; i < loops.size(); ++i) brokers_.push_back(shards_->TakeShard(i));
  }
  Broker& broker(std::size_t loop) override { return *brokers_[loop].broker; }
  PresenceStore& presence(std::size_t loop) override { return *brokers_[loop].presence; }
  MapBroker& maps(std::size_t loop) override { return *brokers_[loop].maps; }
  const std::string& prefix() const { return prefix_; }
  const redis_broker::Metrics& metrics() const { return metrics_; }

  void Settle(BrokerFixture& fixture) override {
    while (shards_->down_since()) std::this_thread::yield();
    for (std::size_t i = 0; i < brokers_.size(); ++i) {
      const auto passed = fixture.Await<Result<void>>(i, [&, i] { return subscribers_[i]->Barrier("any"); });
      ASSERT_TRUE(passed) << passed.error().detail;
    }
    // What a message made the loop read has come when this is answered.
    for (std::size_t i = 0; i < brokers_.size(); ++i) {
      (void)fixture.Await<Result<MapStats>>(i, [&, i] { return maps(i).Stats(ChannelName("any")); });
    }
  }
  void Pass(BrokerFixture& fixture, Duration by) override {
    // The loops' clock goes with Redis's, which cannot be moved.
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    Duration passed{};
    while (passed.ms < by.ms + 100) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
      fixture.Advance(Duration{now.count() - passed.ms});
      passed = Duration{now.count()};
    }
    // What was asked of Redis at the end has been answered, and its messages have come.
    Settle(fixture);
    Settle(fixture);
  }

 private:
  const std::string prefix_;
  metrics::Registry registry_;
  redis::Metrics redis_metrics_{registry_};
  redis_broker::Metrics metrics_{registry_};
  std::vector<redis::Subscriber*> subscribers_;
  std::unique_ptr<RedisBrokerShards> shards_;
  std::vector<LoopBroker> brokers_;
};

inline constexpr StreamSettings kStream{.size = 100, .ttl = Seconds(60), .meta_ttl = Seconds(600)};

inline PublishOptions Keep(std::string key = "") {
  return {.stream = kStream, .idempotency_key = std::move(key), .version = 0, .version_epoch = ""};
}

inline SubscribeOptions Recover(StreamPosition position) {
  return {.stream = kStream, .recover = std::move(position)};
}

// A broker on two loops, and its server.
class RedisBroker : public ::testing::Test {
 protected:
  // The key's name without the prefix.
  redis::Reply Ask(std::string_view command, std::string_view key, std::vector<std::string> arguments = {}) {
    redis::Command asked{command, backend->prefix() + std::string(key)};
    for (const std::string& argument : arguments) asked.Add(argument);
    return Server().Ask(asked);
  }
  std::int64_t Pttl(std::string_view key) { return Ask("PTTL", key).integer; }

  RedisBackend* backend = nullptr;
  BrokerFixture fixture{2, [this](const std::vector<net::Loop*>& loops) {
                          auto made = std::make_unique<RedisBackend>(loops, RedisBrokerOptions{});
                          backend = made.get();
                          return made;
                        }};
};

}  // namespace tidemill::broker::testing
