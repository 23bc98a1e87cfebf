// Subscriber: channels of Redis' pub/sub, over connections that do nothing else.
//
// It keeps its channels when a connection is lost: it subscribes to them again, in batches, and says of which
// channels messages may have been missed. Silence is probed with PING.
//
// Thread: one Subscriber per loop, that loop only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/task.h"

namespace tidemill::redis {

class SubscriberEvents {
 public:
  // Both are borrowed until the call returns.
  virtual void OnMessage(std::string_view channel, std::string_view payload) = 0;
  // The channel's connection ended: nothing comes until OnRestored.
  virtual void OnLost(const std::string& channel) = 0;
  // It is subscribed to again; messages published in between did not come.
  virtual void OnRestored(const std::string& channel) = 0;

 protected:
  ~SubscriberEvents() = default;
};

class Subscriber {
 public:
  virtual ~Subscriber() = default;

  // Completes when Redis has acknowledged: messages published from then on arrive. Several tasks may wait for
  // the same channel; one Unsubscribe ends it for all. On an error the channel is not kept. kUnavailable: the
  // connection is down or ended meanwhile. kLimitExceeded: too much waits to be written.
  virtual Task<Result<void>> Subscribe(std::string channel) = 0;
  // No OnMessage for it from here on.
  virtual void Unsubscribe(const std::string& channel) = 0;

  // Completes after every message that Redis sent to this connection before it got the question. So after it,
  // the message of every publish whose effect was seen before the call has arrived.
  virtual Task<Result<void>> Barrier(std::string channel) = 0;

  // Any thread: since when at least one connection has been away; nullopt while all are there.
  virtual std::optional<MonotonicTime> down_since() const = 0;
};

}  // namespace tidemill::redis
