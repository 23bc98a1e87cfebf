// MapStore: reads and writes the states of all map channels in Redis. Knows nothing of subscribers.
//
// Loop thread only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/task.h"
#include "realtime/broker/map_broker.h"
#include "realtime/broker/redis/keys.h"
#include "realtime/broker/redis/metrics.h"
#include "realtime/broker/redis/planted_bugs.h"
#include "redis/client.h"

namespace tidemill::broker::redis_broker {

class MapStore {
 public:
  // All must outlive it.
  struct Dependencies {
    redis::Client& client;
    const Keys& keys;
    const PlantedBugs& bugs;
    Metrics& metrics;
    bool sharded_pub_sub = false;
    MapLimits limits;
  };
  explicit MapStore(const Dependencies& dependencies)
      : with_(dependencies), publish_(dependencies.sharded_pub_sub ? "SPUBLISH" : "PUBLISH") {}

  // Errors as MapBroker's.
  Task<Result<MapOutcome>> Publish(ChannelName channel, Publication publication, MapPublishOptions options);
  Task<Result<MapOutcome>> Remove(ChannelName channel, std::string key, MapRemoveOptions options);
  Task<Result<MapPage>> ReadState(ChannelName channel, MapStateQuery query, MapSettings map);
  Task<Result<MapStats>> Stats(ChannelName channel);
  Task<Result<void>> Clear(ChannelName channel);

  // Removes some of the keys whose time is over. Gives when the next one expires; nullopt: none does.
  Task<Result<std::optional<Duration>>> Expire(ChannelName channel);

 private:
  std::vector<std::string> KeysOf(const ChannelName& channel, const std::string& idempotency_key = "") const;

  const Dependencies with_;
  const std::string publish_;
};

}  // namespace tidemill::broker::redis_broker
