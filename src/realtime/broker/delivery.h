// Delivery: how the owner loop of a channel delivers its events to the loops that have subscribers.
//
// One per loop. Events posted to another loop arrive in order; an event for the owner's own loop is handled
// at once. Loop thread only, except dropped().
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

// What can happen in a channel.
using ChannelEvent = std::variant<PublicationPtr, Join, Leave, StreamLost>;

class Delivery {
 public:
  // `all`: the deliveries of every loop, by index; filled before the loops run. An event for a loop with
  // `mailbox_messages_max` messages waiting is dropped, and the channel's stream is lost to that loop.
  Delivery(net::Loop& loop, const std::vector<Delivery*>& all,
           std::size_t mailbox_messages_max = std::numeric_limits<std::size_t>::max())
      : loop_(loop), all_(all), mailbox_messages_max_(mailbox_messages_max) {}
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  void SetEvents(BrokerEvents& events) { events_ = &events; }
  // True while a handler runs. What it asks of the broker must wait for a later message: events of their own
  // would overtake the one being handled.
  bool handling() const { return handling_; }

  // For the channel's owner. A handler may have destroyed `subscriptions` and `channel` when it returns.
  void Deliver(const SubscriptionCounts& subscriptions, const ChannelName& channel, ChannelEvent event);

  net::Loop& loop() { return loop_; }
  // Any thread: events dropped because a loop had too many messages waiting.
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  void Handle(const ChannelName& channel, const ChannelEvent& event);
  void Drop(Delivery& subscriber, const ChannelName& channel);

  net::Loop& loop_;
  const std::vector<Delivery*>& all_;
  const std::size_t mailbox_messages_max_;
  // Loops and channels with an event dropped whose OnStreamLost is still on its way.
  std::set<std::pair<const Delivery*, std::string>> untold_;
  std::atomic<std::uint64_t> dropped_{0};
  BrokerEvents* events_ = nullptr;
  bool handling_ = false;
};

// The index of the loop, of `loops`, that owns the channel: by the hash of its name.
std::size_t OwnerLoop(const ChannelName& channel, std::size_t loops);

}  // namespace tidemill::broker
