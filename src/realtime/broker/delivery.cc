#include "realtime/broker/delivery.h"

#include <functional>
#include <utility>

#include "base/assert.h"

namespace tidemill::broker {
namespace {

// One event, shared by the loops it is posted to.
struct PostedEvent {
  ChannelName channel;
  ChannelEvent event;
};

}  // namespace

void Delivery::Deliver(const SubscriptionCounts& subscriptions, const ChannelName& channel,
                       ChannelEvent event) {
  bool here = false;
  std::shared_ptr<const PostedEvent> posted;
  subscriptions.ForEachLoop([&](std::size_t index) {
    if (index == loop_.index()) {
      here = true;
      return;
    }
    Delivery& subscriber = *all_[index];
    if (subscriber.loop_.mailbox_depth() >= mailbox_messages_max_) return Drop(subscriber, channel);
    if (!posted) posted = std::make_shared<const PostedEvent>(channel, event);
    subscriber.loop_.Post([&subscriber, posted] { subscriber.Handle(posted->channel, posted->event); });
  });
  // Last: the handler may unsubscribe, and `subscriptions` would be gone.
  if (here) Handle(channel, event);
}

// Posts one OnStreamLost for each channel and loop, however many events are dropped before it arrives.
void Delivery::Drop(Delivery& subscriber, const ChannelName& channel) {
  dropped_.fetch_add(1, std::memory_order_relaxed);
  if (!untold_.emplace(&subscriber, channel.value()).second) return;
  subscriber.loop_.Post([this, &subscriber, channel] {
    loop_.Post([this, &subscriber, channel] { untold_.erase({&subscriber, channel.value()}); });
    subscriber.Handle(channel, StreamLost{});
  });
}

void Delivery::Handle(const ChannelName& channel, const ChannelEvent& event) {
  TM_ASSERT(events_ != nullptr && !handling_);
  handling_ = true;
  if (const auto* publication = std::get_if<PublicationPtr>(&event)) {
    events_->OnPublication(channel, *publication);
  } else if (const auto* join = std::get_if<Join>(&event)) {
    events_->OnJoin(channel, join->info);
  } else if (const auto* leave = std::get_if<Leave>(&event)) {
    events_->OnLeave(channel, leave->info);
  } else {
    events_->OnStreamLost(channel);
  }
  handling_ = false;
}

std::size_t OwnerLoop(const ChannelName& channel, std::size_t loops) {
  if (loops == 1) return 0;
  // The upper half of the product: independent of the lower bits that hash tables choose their buckets by.
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  const std::uint64_t mixed = std::hash<ChannelName>{}(channel)*kOdd;
  return static_cast<std::size_t>((mixed >> 32) % loops);
}

}  // namespace tidemill::broker
