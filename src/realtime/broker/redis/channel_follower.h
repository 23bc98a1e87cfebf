// ChannelFollower: follows, for all loops of this node, the Redis streams of the channels that one loop owns,
// and delivers what is new to the loops with subscribers.
//
// The stream in Redis is the truth; pub/sub only brings it quickly. The follower knows the last position of
// each stream that it delivered. When a message does not follow that position, when the connection was away,
// or when a channel was silent for a while, it reads the stream from there and delivers what was missed. If
// the stream cannot be continued (it fell back, began anew or was trimmed further), it is lost: the
// subscribers are told at once and must recover.
//
// A subscriber joins in line. What was read for it and the messages that arrived meanwhile are brought to one
// position, so that every later event continues its answer.
//
// Loop thread only, except channels(), subscribed_channels() and loop().
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/text_hash.h"
#include "net/async.h"
#include "net/task_scope.h"
#include "realtime/broker/broker.h"
#include "realtime/broker/delivery.h"
#include "realtime/broker/occupancy_queue.h"
#include "realtime/broker/redis/keys.h"
#include "realtime/broker/redis/map_sweeper.h"
#include "realtime/broker/redis/metrics.h"
#include "realtime/broker/redis/planted_bugs.h"
#include "realtime/broker/redis/record.h"
#include "realtime/broker/redis/stream_store.h"
#include "realtime/broker/subscription_owner.h"
#include "redis/subscriber.h"

namespace tidemill::broker::redis_broker {

class ChannelFollower final : public redis::SubscriberEvents, public SubscriptionOwner {
 public:
  // All must outlive it.
  struct Dependencies {
    Delivery& delivery;
    OccupancyQueue& occupancy;
    StreamStore& store;
    const Keys& keys;
    const PlantedBugs& bugs;
    Metrics& metrics;
    MapSweeper& sweeper;
    Duration position_check_delay;  // 0: never
    std::size_t subscribes_waiting_max;
  };
  ChannelFollower(net::Loop& loop, const Dependencies& dependencies);
  ~ChannelFollower();
  ChannelFollower(const ChannelFollower&) = delete;
  ChannelFollower& operator=(const ChannelFollower&) = delete;

  // Must be called once, before the loop runs.
  void SetSubscriber(redis::Subscriber& subscriber) { subscriber_ = &subscriber; }

  // One subscription more of `loop_index`, unless `state` is abandoned before it is counted.
  // kUnavailable: not connected, or subscribes_waiting_max wait for Redis.
  using Answer = net::Reply<Result<SubscribeOutcome>>::Sender;
  void Subscribe(ChannelName channel, SubscribeOptions options, std::size_t loop_index,
                 std::shared_ptr<PendingSubscribe::State> state, Answer answer);

  // SubscriptionOwner
  net::Loop& loop() override { return loop_; }
  void Unsubscribe(const ChannelName& channel, std::size_t loop_index) override;
  void WalkOn(ChannelWalk& walk) const override;
  std::uint64_t subscribed_channels() const override {
    return subscribed_count_.load(std::memory_order_relaxed);
  }

  // redis::SubscriberEvents
  void OnMessage(std::string_view pub_sub, std::string_view payload) override;
  void OnLost(const std::string& pub_sub) override;
  void OnRestored(const std::string& pub_sub) override;

  // Any thread: channels subscribed to in Redis.
  std::uint64_t channels() const { return channels_count_.load(std::memory_order_relaxed); }

 private:
  struct FollowedChannel;
  class Pin;

  Task<void> ServeSubscribe(ChannelName channel, SubscribeOptions options, std::size_t loop_index,
                            std::shared_ptr<PendingSubscribe::State> state, Answer answer);
  Task<Result<SubscribeOutcome>> JoinChannel(FollowedChannel& followed, SubscribeOptions options);
  Task<Result<SubscribeOutcome>> JoinStream(FollowedChannel& followed, SubscribeOptions options);
  // Waits until everything up to `top`, which was read from the stream, has been delivered. False: the read
  // is out of date.
  Task<Result<bool>> Align(FollowedChannel& followed, StreamPosition top);

  void OnPublication(FollowedChannel& followed, PublicationMessage message);
  void Advance(FollowedChannel& followed, StreamPosition position, PublicationPtr publication);
  void LoseStream(FollowedChannel& followed, StreamPosition now);
  void TellOfGap(FollowedChannel& followed);
  void RequestCatchUp(FollowedChannel& followed);
  void StartCatchUps();
  Task<void> CatchUp(ChannelName channel);
  Task<Result<bool>> CatchUpPage(FollowedChannel& followed);
  Task<Result<void>> BeginAnew(FollowedChannel& followed);

  FollowedChannel& FindOrAdd(const ChannelName& channel);
  FollowedChannel* Find(std::string_view channel);
  FollowedChannel* FindPubSub(std::string_view pub_sub);
  void OnTimer(FollowedChannel& followed);
  void ScheduleCheck(FollowedChannel& followed);
  void EraseIfUnused(FollowedChannel& followed);
  void Erase(FollowedChannel& followed);

  net::Loop& loop_;
  Delivery& delivery_;
  OccupancyQueue& occupancy_;
  StreamStore& store_;
  const Keys& keys_;
  const PlantedBugs& bugs_;
  Metrics& metrics_;
  MapSweeper& sweeper_;
  const Duration position_check_delay_;
  const std::size_t subscribes_waiting_max_;
  redis::Subscriber* subscriber_ = nullptr;
  std::unordered_map<std::string, std::unique_ptr<FollowedChannel>, TextHash, std::equal_to<>> channels_;
  std::atomic<std::uint64_t> channels_count_{0};
  std::atomic<std::uint64_t> subscribed_count_{0};
  std::deque<ChannelName> catch_up_queue_;  // each channel at most once
  std::size_t catch_ups_running_ = 0;
  std::size_t subscribes_waiting_ = 0;
  bool ending_ = false;  // nothing is unsubscribed any more
  TaskScope scope_;      // last: its tasks refer to all above
};

}  // namespace tidemill::broker::redis_broker
