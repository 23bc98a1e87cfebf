#include "realtime/session/subscription_table.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace tidemill::session {
namespace {

// Most sessions follow a few channels for their whole life: up to here nothing is kept in reserve.
constexpr std::size_t kExactSizeMax = 8;

}  // namespace

SubscriptionTable::Entries::const_iterator SubscriptionTable::LowerBound(std::string_view channel) const {
  return std::ranges::lower_bound(entries_, channel, {},
                                  [](const auto& entry) { return std::string_view(entry->channel_name()); });
}

ChannelSubscription* SubscriptionTable::Find(std::string_view channel) const {
  const auto at = LowerBound(channel);
  return at != entries_.end() && (*at)->channel_name() == channel ? at->get() : nullptr;
}

ChannelSubscription& SubscriptionTable::Add(std::unique_ptr<ChannelSubscription> subscription) {
  if (entries_.size() < kExactSizeMax) entries_.reserve(entries_.size() + 1);
  const auto at = LowerBound(subscription->channel_name());
  TM_ASSERT(at == entries_.end() || (*at)->channel_name() != subscription->channel_name());
  return **entries_.insert(at, std::move(subscription));
}

std::unique_ptr<ChannelSubscription> SubscriptionTable::Take(std::string_view channel) {
  const auto at = LowerBound(channel);
  if (at == entries_.end() || (*at)->channel_name() != channel) return nullptr;
  const auto place = entries_.begin() + (at - entries_.cbegin());
  auto taken = std::move(*place);
  entries_.erase(place);
  return taken;
}

std::unique_ptr<ChannelSubscription> SubscriptionTable::TakeOne() {
  if (entries_.empty()) return nullptr;
  auto taken = std::move(entries_.back());
  entries_.pop_back();
  return taken;
}

}  // namespace tidemill::session
