// Broker: carries publications between loops and nodes, and keeps each channel's recent stream.
//
// The hub knows which local sessions want a channel; the broker knows only channels and bytes.
// Implementations live beside this file (memory/, redis/); each must pass the suites in broker/testing/,
// which are this comment in executable form.
//
// Thread: one Broker per loop; call it on that loop. Results and events arrive on it.
//
// Order. For one channel all loops see the same order of events. A task of Subscribe completes in line with
// the events: what its answer holds was delivered before, what is delivered afterwards continues it, and the
// awaiting coroutine is resumed synchronously at that point. So "subscribe, read history, then follow" has no
// gap and no overlap: attach the subscriber when the task completes, before suspending again. With the memory
// broker a Publish completes in line too; with Redis its event may come before or after its answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/task.h"
#include "realtime/channels/name.h"
#include "realtime/protocol/messages.h"

namespace tidemill::broker {

using channels::ChannelName;
using protocol::ClientInfo;
using protocol::ClientInfoPtr;
using protocol::Publication;
using protocol::PublicationPtr;
using protocol::StreamPosition;

// Gets the events of the channels that this loop has subscribed to. Events are never nested: what a handler
// asks of the broker takes effect after it has returned. A few events may still come after the last
// Unsubscribe.
class BrokerEvents {
 public:
  // `publication` has its offset if the channel keeps a stream; the first of a stream also names the epoch.
  virtual void OnPublication(const ChannelName& channel, const PublicationPtr& publication) = 0;
  virtual void OnJoin(const ChannelName& channel, const ClientInfo& info) = 0;
  virtual void OnLeave(const ChannelName& channel, const ClientInfo& info) = 0;
  // The stream has a gap or another epoch: subscribers must recover.
  virtual void OnStreamLost(const ChannelName& channel) = 0;

 protected:
  ~BrokerEvents() = default;
};

// Gets which of the channels that this loop owns have subscriptions. It counts those of all loops of this
// node; with Redis other nodes may have more, and each node tells its own.
//
// For one channel the events alternate, OnOccupied first, one for each change, in the order of the changes.
// They come after the subscribe was answered or the unsubscribe has returned, in a message of their own: a
// handler may call the broker. By then the channel may have changed again; the next event says so.
class OccupancyEvents {
 public:
  // The channel has its first subscription.
  virtual void OnOccupied(const ChannelName& channel) = 0;
  // Its last subscription ended.
  virtual void OnVacated(const ChannelName& channel) = 0;

 protected:
  ~OccupancyEvents() = default;
};

// The longest idempotency key and the longest version epoch.
inline constexpr std::size_t kPublishKeyBytesMax = 512;

// How a channel keeps its stream; all zero: it keeps none.
struct StreamSettings {
  std::uint32_t size = 0;          // publications
  Duration ttl{};                  // of the publications, after the last one
  Duration meta_ttl = Hours(720);  // of epoch and offset, after the last use
  bool enabled() const { return size > 0 && ttl.ms > 0; }
};

struct PublishOptions {
  StreamSettings stream;
  std::string idempotency_key;  // "": none; results are remembered for 5 minutes
  std::uint64_t version = 0;    // 0: none; else dropped unless higher than the stream's last
  std::string version_epoch;    // "": versions of any epoch are compared; else only of the same
};

struct PublishOutcome {
  StreamPosition position;  // zero when the channel keeps no stream
  // The idempotency key or version was seen before: `position` is the earlier publish's, or the top.
  bool suppressed = false;
};

enum class RecoveryMode { kStream, kCache };

struct SubscribeOptions {
  StreamSettings stream;                  // enabled: the result carries the top
  std::optional<StreamPosition> recover;  // what the subscriber has seen; needs a stream
  RecoveryMode mode = RecoveryMode::kStream;
  std::uint32_t recovery_limit = 300;  // publications; more are missing: not recovered
  bool keys_expire =
      false;  // a map with a key_ttl: the broker looks after its keys' time while it is followed
};

struct SubscribeOutcome {
  StreamPosition top;
  bool recovered = false;                    // `publications` is exactly what is missing
  std::vector<PublicationPtr> publications;  // oldest first
};

struct HistoryQuery {
  std::optional<StreamPosition> since;  // exclusive; an empty epoch matches any
  std::int32_t limit = 0;               // 0: only the top; -1: all
  bool reverse = false;                 // newest first
};

struct HistoryOutcome {
  std::vector<PublicationPtr> publications;
  StreamPosition top;
};

struct ChannelCount {
  std::string channel;
  std::uint64_t subscriptions = 0;
  friend bool operator==(const ChannelCount&, const ChannelCount&) = default;
};

class Broker {
 public:
  virtual ~Broker() = default;

  // Must be called once, before anything is subscribed to.
  virtual void SetEvents(BrokerEvents& events) = 0;
  // May be called once, before any loop subscribes to anything: the channels that this loop owns.
  virtual void SetOccupancyEvents(OccupancyEvents& events) = 0;

  // Appends to the stream, if the channel keeps one, and delivers to every subscribed loop.
  // The position is the one after the append: offset is one more than the channel's last, from 1.
  // kLimitExceeded: the broker's history bytes or its queues are full, nothing was kept or delivered.
  // kInvalidArgument: idempotency_key or version_epoch is over kPublishKeyBytesMax.
  // kUnavailable: the store did not confirm; it may or may not be there.
  virtual Task<Result<PublishOutcome>> Publish(ChannelName channel, Publication publication,
                                               PublishOptions options) = 0;

  // Delivers without a stream, to subscribed loops.
  virtual Task<Result<void>> PublishJoin(ChannelName channel, ClientInfo info) = 0;
  virtual Task<Result<void>> PublishLeave(ChannelName channel, ClientInfo info) = 0;

  // Adds a subscription of this loop; events of the channel arrive while it has one. A position in `recover`
  // that cannot be recovered from gives recovered=false.
  // kUnavailable: the store did not confirm. A task destroyed before it completes leaves nothing.
  virtual Task<Result<SubscribeOutcome>> Subscribe(ChannelName channel, SubscribeOptions options) = 0;
  // Removes one. Call it exactly once for each Subscribe that succeeded.
  virtual void Unsubscribe(const ChannelName& channel) = 0;

  // kUnrecoverablePosition: `since` has another epoch than the stream.
  virtual Task<Result<HistoryOutcome>> History(ChannelName channel, HistoryQuery query,
                                               StreamSettings stream) = 0;
  // Forgets the publications; the offset goes on.
  virtual Task<Result<void>> RemoveHistory(ChannelName channel) = 0;

  // Channels with at least one subscription on this node, by glob pattern ("" all: '*', '?', '[…]').
  // kLimitExceeded over 100,000 results: ask with a narrower pattern.
  // Those that are subscribed to all the while are found; the loops do other work meanwhile.
  virtual Task<Result<std::vector<ChannelCount>>> Channels(std::string pattern) = 0;
  // How many channels have a subscription on this node now. Any thread.
  virtual std::uint64_t SubscribedChannels() const = 0;
};

}  // namespace tidemill::broker
