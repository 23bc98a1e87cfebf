// HealthProbe: whether Redis does what this server asks of it, and not only takes connections.
//
// Every two seconds it does on each server what subscribing and publishing do, in a channel of its own. So a
// Redis that refuses (memory, permissions, disk) is known before a client is told, and so is the end of the
// refusing.
//
// Loop thread only, but for state.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task_scope.h"
#include "realtime/broker/redis/keys.h"
#include "realtime/broker/redis/stream_store.h"
#include "redis/client.h"
#include "redis/subscriber.h"

namespace tidemill::broker::redis_broker {

struct ProbeState {
  bool ever_good = false;                  // Redis did everything once
  std::optional<MonotonicTime> bad_since;  // it did not at the last look, and not since then
  std::string why;                         // of the last look, for the log; "" when it was good
};

class HealthProbe {
 public:
  // All must outlive it.
  struct Dependencies {
    redis::Client& client;
    redis::Subscriber& subscriber;
    StreamStore& store;
    const Keys& keys;
  };
  // Begins at once.
  HealthProbe(net::Loop& loop, const Dependencies& dependencies);
  HealthProbe(const HealthProbe&) = delete;
  HealthProbe& operator=(const HealthProbe&) = delete;

  // Any thread.
  ProbeState state() const;

 private:
  Task<void> Run();
  Task<Result<void>> LookAtAll();
  Task<Result<void>> LookAt(ChannelName channel);
  void Note(const Result<void>& result);

  net::Loop& loop_;
  const Dependencies dependencies_;
  const std::string name_;  // of its channels, not those of other nodes
  mutable std::mutex mutex_;
  ProbeState state_;
  TaskScope scope_;  // last: its task refers to all above
};

}  // namespace tidemill::broker::redis_broker
