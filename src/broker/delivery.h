// Delivery: how an owner loop hands what happened in a channel to the loops that have subscribers.
//
// One per loop. What is posted to a loop arrives in order; what is for the owner's own loop is handled at
// once.
#pragma once

#include <cstddef>
#include <memory>
#include <variant>
#include <vector>

#include "broker/broker.h"
#include "broker/subscription_counts.h"
#include "net/loop.h"

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
  // `all`: those of every loop, by index; filled before the loops run.
  Delivery(net::Loop& loop, const std::vector<Delivery*>& all) : loop_(loop), all_(all) {}
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

 private:
  void Handle(const ChannelName& channel, const Happening& what);

  net::Loop& loop_;
  const std::vector<Delivery*>& all_;
  BrokerEvents* events_ = nullptr;
  bool handling_ = false;
};

// The loop that owns the channel, of `loops`: by its name.
std::size_t OwnerLoop(const ChannelName& channel, std::size_t loops);

}  // namespace tidemill::broker
