// The broker that the settings ask for, for all loops: in memory, or in Redis with the bus between the nodes.
//
// Built before the loops run. The loops must have stopped before it ends.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "realtime/broker/loop_broker.h"
#include "server/health.h"

namespace tidemill::broker {
struct BrokerSettings;
class MemoryBrokerShards;
class RedisBrokerShards;
namespace redis_broker {
struct Metrics;
}
}  // namespace tidemill::broker
namespace tidemill::cluster {
struct ClusterMetrics;
class RedisBus;
}  // namespace tidemill::cluster
namespace tidemill::redis {
class Client;
struct Metrics;
class Topology;
}  // namespace tidemill::redis
namespace tidemill::settings {
struct Settings;
}

namespace tidemill::server {

class Brokers {
 public:
  // `node_id`: by which the other nodes know this one. kInvalidArgument names the setting.
  static Result<std::unique_ptr<Brokers>> Open(const std::vector<net::Loop*>& loops,
                                               const settings::Settings& settings, const std::string& node_id,
                                               metrics::Registry& registry);
  ~Brokers();

  broker::LoopBroker TakeShard(std::size_t loop_index);
  void Replace(const broker::BrokerSettings& settings);

  // Null for a node that is alone.
  cluster::RedisBus* bus() { return bus_.get(); }
  cluster::ClusterMetrics* cluster_metrics() { return cluster_metrics_.get(); }
  // The loop's connections to the Redis of the broker; null where it is none.
  redis::Client* redis_client(std::size_t loop_index);
  // What counts of Redis, for other users of one; null where the broker is none.
  redis::Metrics* redis_metrics() { return redis_metrics_.get(); }
  // Any thread. What keeps the broker from doing its work now.
  std::optional<ServiceProblem> problem() const;

 private:
  Brokers();
  void OpenMemory(const std::vector<net::Loop*>& loops, const settings::Settings& settings,
                  metrics::Registry& registry);
  Result<void> OpenRedis(const std::vector<net::Loop*>& loops, const settings::Settings& settings,
                         const std::string& node_id, metrics::Registry& registry);

  std::unique_ptr<broker::MemoryBrokerShards> memory_;  // this, or what follows
  std::unique_ptr<redis::Metrics> redis_metrics_;
  std::unique_ptr<broker::redis_broker::Metrics> broker_metrics_;
  std::unique_ptr<cluster::ClusterMetrics> cluster_metrics_;
  std::unique_ptr<const redis::Topology> topology_;
  std::unique_ptr<broker::RedisBrokerShards> redis_;
  std::unique_ptr<cluster::RedisBus> bus_;
};

}  // namespace tidemill::server
