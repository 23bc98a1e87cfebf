// StreamStore: the streams of all channels, as they are in Redis. Knows nothing of subscribers.
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
#include "redis/client.h"

namespace tidemill::broker::redis_broker {

// Faults that tests plant to see that their checkers find them.
struct PlantedBugs {
  explicit PlantedBugs(std::string_view name)
      : skip_epoch_check(name == "skip_epoch_check"),
        skip_catch_up(name == "skip_catch_up"),
        drop_resubscribe(name == "drop_resubscribe"),
        ack_before_append(name == "ack_before_append"),
        reuse_offsets(name == "reuse_offsets"),
        duplicate_delivery(name == "duplicate_delivery"),
        forget_buffered(name == "forget_buffered") {}
  const bool skip_epoch_check;
  const bool skip_catch_up;
  const bool drop_resubscribe;
  const bool ack_before_append;
  const bool reuse_offsets;
  const bool duplicate_delivery;
  const bool forget_buffered;
};

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
  // Makes the epoch if there is none; a read is a use of the stream.
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

// kUnavailable with the server's words, if it is an error reply.
Result<void> CheckReply(const redis::Reply& reply);

}  // namespace tidemill::broker::redis_broker
