// SubscriptionOwner: the subscriptions to the channels that one loop owns, as the other loops of the node
// reach them. Both brokers use what is here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "realtime/broker/broker.h"
#include "realtime/broker/channel_walk.h"

namespace tidemill::broker {

class SubscriptionOwner {
 public:
  // Any thread.
  virtual net::Loop& loop() = 0;
  virtual std::uint64_t subscribed_channels() const = 0;

  // That loop only.
  virtual void Unsubscribe(const ChannelName& channel, std::size_t loop_index) = 0;
  // The next slice of the walk over those with subscriptions.
  virtual void WalkOn(ChannelWalk& walk) const = 0;

 protected:
  ~SubscriptionOwner() = default;
};

// Undoes a subscribe whose task is destroyed before the owner's answer came: nobody else would unsubscribe.
// Lives in that task, on the loop that asked.
class PendingSubscribe {
 public:
  // The owner's loop only.
  struct State {
    bool subscribed = false;  // the owner sets it when it counts the subscription
    bool abandoned = false;   // the owner must not count it any more
  };

  PendingSubscribe(SubscriptionOwner& owner, ChannelName channel, std::size_t loop_index)
      : owner_(owner), channel_(std::move(channel)), loop_index_(loop_index) {}
  PendingSubscribe(const PendingSubscribe&) = delete;
  PendingSubscribe& operator=(const PendingSubscribe&) = delete;
  ~PendingSubscribe();

  const std::shared_ptr<State>& state() const { return state_; }
  // The answer has come: whoever awaited it unsubscribes.
  void Complete() { completed_ = true; }

 private:
  SubscriptionOwner& owner_;
  ChannelName channel_;
  const std::size_t loop_index_;
  const std::shared_ptr<State> state_ = std::make_shared<State>();
  bool completed_ = false;
};

// What Broker::Channels gives: asks one owner after another from the loop `asker`, slice by slice. The owners
// outlive the task.
Task<Result<std::vector<ChannelCount>>> ListChannels(net::Loop& asker, std::vector<SubscriptionOwner*> owners,
                                                     std::string pattern);

}  // namespace tidemill::broker
