// Delivery: how an owner loop hands what happened in a channel to the loops that have subscribers.
//
// One per loop. What is posted to a loop arrives in order; what is for the owner's own loop is handled at
// once.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "net/loop.h"
#include "realtime/broker/broker.h"
#include "realtime/broker/subscription_counts.h"

namespace tidemill::broker {

struct Join {
  ClientInfo info;
};
struct Leave {
  ClientInfo info;
};
struct StreamLost {};

// What happened in a channel.
using Happening = std::variant<PublicationPtr, Join, Leave, StreamLost>;

class Delivery {
 public:
  // `all`: those of every loop, by index; filled before the loops run. What is for a loop with
  // `mailbox_messages_max` waiting is dropped, and the channel's stream is lost to that loop.
  Delivery(net::Loop& loop, const std::vector<Delivery*>& all,
           std::size_t mailbox_messages_max = std::numeric_limits<std::size_t>::max())
      : loop_(loop), all_(all), mailbox_messages_max_(mailbox_messages_max) {}
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  // This loop only.
  void SetEvents(BrokerEvents& events) { events_ = &events; }
  // Whether an event is being handled: what was done inside would be seen before the event that is still on
  // its way to the other subscribers.
  bool handling() const { return handling_; }

  // As the owner. `subscriptions` and `channel` may be gone when it returns.
  void Deliver(const SubscriptionCounts& subscriptions, const ChannelName& channel, Happening what);

  net::Loop& loop() { return loop_; }
  // Any thread: what was dropped because a loop had too much waiting.
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  void Handle(const ChannelName& channel, const Happening& what);
  void Drop(Delivery& subscriber, const ChannelName& channel);

  net::Loop& loop_;
  const std::vector<Delivery*>& all_;
  const std::size_t mailbox_messages_max_;
  // Channels dropped for a loop that has not heard of it yet.
  std::set<std::pair<const Delivery*, std::string>> untold_;
  std::atomic<std::uint64_t> dropped_{0};
  BrokerEvents* events_ = nullptr;
  bool handling_ = false;
};

// The loop that owns the channel, of `loops`: by its name.
std::size_t OwnerLoop(const ChannelName& channel, std::size_t loops);

}  // namespace tidemill::broker
