// SubscriptionTable: a session's subscriptions, by channel.
//
// A sorted vector: no memory beside a pointer for each, and none beside this object while there is one.
// Finding one is a few comparisons, whether there is one or a thousand. Loop thread only.
#pragma once

#include <absl/container/inlined_vector.h>

#include <cstddef>
#include <memory>
#include <string_view>

#include "realtime/session/channel_subscription.h"

namespace tidemill::session {

class SubscriptionTable {
 public:
  using Entries = absl::InlinedVector<std::unique_ptr<ChannelSubscription>, 1>;

  // Null if there is none.
  ChannelSubscription* Find(std::string_view channel) const;
  // There is none of its channel yet. It stays where it is until it is taken.
  ChannelSubscription& Add(std::unique_ptr<ChannelSubscription> subscription);
  // Null if there is none.
  std::unique_ptr<ChannelSubscription> Take(std::string_view channel);
  // Any of them; null when it is empty.
  std::unique_ptr<ChannelSubscription> TakeOne();

  std::size_t size() const { return entries_.size(); }
  // In the order of their names; until the next change.
  const Entries& entries() const { return entries_; }

 private:
  Entries::const_iterator LowerBound(std::string_view channel) const;

  Entries entries_;
};

}  // namespace tidemill::session
