// StreamStore: reads and writes the streams of all channels in Redis. Knows nothing of subscribers.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/task.h"
#include "realtime/broker/broker.h"
#include "realtime/broker/recovery.h"
#include "realtime/broker/redis/keys.h"
#include "realtime/broker/redis/planted_bugs.h"
#include "redis/client.h"

namespace tidemill::broker::redis_broker {

struct ReadQuery {
  std::optional<std::uint64_t> since;  // exclusive
  std::int64_t count = 0;              // 0: only the top; -1: all
  bool reverse = false;                // newest first
};

class StreamStore {
 public:
  // All must outlive it.
  StreamStore(redis::Client& client, const Keys& keys, bool sharded_pub_sub, const PlantedBugs& bugs)
      : client_(client), keys_(keys), publish_(sharded_pub_sub ? "SPUBLISH" : "PUBLISH"), bugs_(bugs) {}

  // Errors as Broker's. Parameters are taken by value: nothing is borrowed while a task waits.
  Task<Result<PublishOutcome>> Publish(ChannelName channel, Publication publication, PublishOptions options);
  Task<Result<void>> PublishMessage(ChannelName channel, std::string message);
  // Creates the epoch if there is none. A read is a use: meta_ttl begins again.
  Task<Result<StreamRead>> Read(ChannelName channel, ReadQuery query, Duration meta_ttl);
  Task<Result<void>> Remove(ChannelName channel);
  // If the stream's top is below `seen` in the same epoch, it begins anew in another.
  Task<Result<void>> BeginAnew(ChannelName channel, StreamPosition seen, Duration meta_ttl);

 private:
  Task<Result<PublishOutcome>> PublishUnstored(ChannelName channel, Publication publication,
                                               std::string idempotency_key);

  redis::Client& client_;
  const Keys& keys_;
  const std::string publish_;
  const PlantedBugs& bugs_;
};

// kUnavailable with the server's text if `reply` is an error.
Result<void> CheckReply(const redis::Reply& reply);

}  // namespace tidemill::broker::redis_broker
