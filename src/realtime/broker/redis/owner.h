// Owner: the channels that one loop owns on this node: their subscriptions in Redis, how far each stream has
// been followed, and what is handed to the loops with subscribers.
//
// The stream in Redis is the truth and pub/sub only brings it quickly. Of every channel with a stream the
// owner knows the last position it handed on. A message that does not follow it, a connection that was away,
// a check now and then: each makes it read the stream from there and hand on what was missed. When that
// cannot be done (the stream fell back, begins anew, or was trimmed further) the stream is lost: subscribers
// must recover anew, and are told at once.
//
// A subscriber joins in line: the read for it and the messages that arrive meanwhile are brought together, so
// that what follows its answer continues it exactly.
//
// Loop thread only, but for stats().
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/async.h"
#include "net/task_scope.h"
#include "realtime/broker/broker.h"
#include "realtime/broker/delivery.h"
#include "realtime/broker/occupancy_queue.h"
#include "realtime/broker/redis/keys.h"
#include "realtime/broker/redis/metrics.h"
#include "realtime/broker/redis/record.h"
#include "realtime/broker/redis/stream_store.h"
#include "redis/subscriber.h"

namespace tidemill::broker::redis_broker {

// A subscribe on its way; shared by the asker's task and the owner. The owner's loop only.
struct Ticket {
  bool subscribed = false;
  bool given_up = false;
};

class Owner final : public redis::SubscriberEvents {
 public:
  struct Parts {
    Delivery& delivery;
    OccupancyQueue& occupancy;
    StreamStore& store;
    const Keys& keys;
    const PlantedBugs& bugs;
    Metrics& metrics;
    Duration position_check_delay;  // 0: never
  };
  Owner(net::Loop& loop, Parts parts);
  ~Owner();
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

  // Must be called once, before the loop runs.
  void SetSubscriber(redis::Subscriber& subscriber) { subscriber_ = &subscriber; }

  using Answer = net::Reply<Result<SubscribeOutcome>>::Sender;
  void Subscribe(ChannelName channel, SubscribeOptions options, std::size_t loop_index,
                 std::shared_ptr<Ticket> ticket, Answer answer);
  void Unsubscribe(const ChannelName& channel, std::size_t loop_index);

  // At most `count_max` + 1 of them.
  std::vector<ChannelCount> SubscribedChannels(std::string_view pattern, std::size_t count_max) const;

  // redis::SubscriberEvents
  void OnMessage(std::string_view live, std::string_view payload) override;
  void OnLost(const std::string& live) override;
  void OnRestored(const std::string& live) override;

  // Any thread.
  std::uint64_t channels() const { return channels_count_.load(std::memory_order_relaxed); }

 private:
  struct Followed;
  class Hold;

  Task<void> Serve(ChannelName channel, SubscribeOptions options, std::size_t loop_index,
                   std::shared_ptr<Ticket> ticket, Answer answer);
  Task<Result<SubscribeOutcome>> Join(Followed& followed, SubscribeOptions options);
  Task<Result<SubscribeOutcome>> ReadAndJoin(Followed& followed, SubscribeOptions options);
  // Brings what was read and what was followed to one place. False: the read is out of date.
  Task<Result<bool>> Align(Followed& followed, StreamPosition top);

  void Take(Followed& followed, LivePublication live);
  void Accept(Followed& followed, StreamPosition position, PublicationPtr publication);
  void Lose(Followed& followed, StreamPosition now);
  void CatchUpSoon(Followed& followed);
  void PumpCatchUps();
  Task<void> CatchUp(ChannelName channel);
  Task<Result<bool>> CatchUpOnce(Followed& followed);
  Task<Result<void>> FallBack(Followed& followed);

  Followed& FindOrAdd(const ChannelName& channel);
  Followed* Find(std::string_view channel);
  void OnDue(Followed& followed);
  void Schedule(Followed& followed);
  void EraseIfUnused(Followed& followed);

  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };

  net::Loop& loop_;
  const Parts parts_;
  redis::Subscriber* subscriber_ = nullptr;
  std::unordered_map<std::string, std::unique_ptr<Followed>, NameHash, std::equal_to<>> channels_;
  std::atomic<std::uint64_t> channels_count_{0};
  std::deque<ChannelName> to_catch_up_;
  std::size_t catching_up_ = 0;
  bool ending_ = false;  // nothing is unsubscribed any more
  TaskScope scope_;      // last: its tasks refer to all above
};

}  // namespace tidemill::broker::redis_broker
