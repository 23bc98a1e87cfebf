// The broker and presence store of several nodes: streams, pub/sub and presence are in Redis.
//
// On each node one loop owns a channel and follows it for all loops (channel_follower.h). A publish goes to
// Redis from the loop that it is called on. Durability: that of the Redis behind it
// (docs/decisions/0006-offsets-skip-what-redis-may-have-lost.md says what holds when it loses its tail).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/loop.h"
#include "realtime/broker/loop_broker.h"
#include "realtime/broker/redis/health_probe.h"
#include "realtime/broker/redis/metrics.h"
#include "redis/client.h"
#include "redis/subscriber.h"

namespace tidemill::broker {

struct RedisBrokerOptions {
  std::string prefix = "tidemill";
  bool sharded_pub_sub = false;  // SPUBLISH; the subscribers must have been made for it
  Duration presence_ttl = Seconds(60);
  Duration presence_renewal_interval = Seconds(27);
  Duration position_check_delay =
      Seconds(40);  // of silence, after which a stream's position is checked; 0: never
  std::size_t mailbox_messages_max = 100'000;    // waiting for a loop; more are lost to it
  std::size_t subscribes_waiting_max = 100'000;  // for Redis, per owner loop; more are refused
  MapLimits map;                                 // of each channel
  std::string plant_bug_for_test;                // "": none
};

// Makes the connections of one loop; they begin to connect at once.
struct RedisConnections {
  std::function<std::unique_ptr<redis::Client>(net::Loop&)> make_client;
  std::function<std::unique_ptr<redis::Subscriber>(net::Loop&, redis::SubscriberEvents&)> make_subscriber;
};

// The broker's shards of all loops. Its parts are in the namespace redis_broker: broker::redis would hide
// tidemill::redis, the client.
class RedisBrokerShards {
 public:
  virtual ~RedisBrokerShards() = default;
  // As MemoryBrokerShards::TakeShard.
  virtual LoopBroker TakeShard(std::size_t loop_index) = 0;
  // The loop's command connections, for other users of the same Redis.
  virtual redis::Client& client(std::size_t loop_index) = 0;
  // Any thread: since when some connection has been away; nullopt while all are there.
  virtual std::optional<MonotonicTime> down_since() const = 0;
  // Any thread: whether Redis does what it is asked, where it is not away.
  virtual redis_broker::ProbeState probe() const = 0;
  // Any thread: events lost to loops that had too many waiting.
  virtual std::uint64_t dropped() const = 0;
  // Any thread: channels subscribed to in Redis by this node.
  virtual std::uint64_t channels() const = 0;
};

std::unique_ptr<RedisBrokerShards> MakeRedisBrokerShards(std::vector<net::Loop*> loops,
                                                         const RedisConnections& connections,
                                                         RedisBrokerOptions options,
                                                         redis_broker::Metrics& metrics);

}  // namespace tidemill::broker
