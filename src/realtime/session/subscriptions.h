// Subscriptions: what a session follows: joining channels and leaving them.
//
// It brings together presence, the broker and the hub: a channel's publications follow its stream from the
// moment the subscription is joined, without a gap. Permission is asked before (authority.h).
//
// Loop thread only. Part of its session, which outlives the tasks of Join (Session::Pin).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "net/task.h"
#include "realtime/channels/rules.h"
#include "realtime/protocol/messages.h"
#include "realtime/session/authority.h"
#include "realtime/session/channel_subscription.h"
#include "realtime/session/client.h"
#include "realtime/session/subscription_options.h"
#include "realtime/session/subscription_table.h"
#include "realtime/session/verdict.h"

namespace tidemill::session {

class Subscriptions {
 public:
  explicit Subscriptions(Client& client) : client_(client) {}
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;

  // Whether one of this channel may be added: kErrorAlreadySubscribed, kErrorLimitExceeded.
  Verdict<void> MayAdd(std::string_view channel) const;

  // Follows the channel, which must not be followed yet: MayAdd. Publications come from here on. An error
  // reply says why it does not; nothing of it is left then.
  Task<Verdict<protocol::SubscribeResult>> Join(protocol::SubscribeRequest request, SubscribeTerms terms);
  // Tells the others in the channel, where its options want that. After the reply, as the client hears it
  // too.
  void Announce(std::string_view channel);

  // Whether it was there. Nothing more of the channel arrives.
  bool Leave(std::string_view channel);
  // Leaves all, and none is joined any more.
  void Close();

  // Null if it is not there. One that is still being joined is not attached().
  ChannelSubscription* Find(std::string_view channel) const { return table_.Find(channel); }
  std::size_t size() const { return table_.size(); }
  std::vector<std::string> Channels() const;

  void SetExpiry(ChannelSubscription& subscription, std::int64_t expire_at);
  // The earliest of all, in seconds since the Unix epoch; 0: none expires.
  std::int64_t EarliestExpiry() const;
  // Those that expired until then.
  std::vector<ChannelSubscription*> ExpiredAt(WallTime time) const;

 private:
  Task<Verdict<protocol::SubscribeResult>> Follow(ChannelSubscription& subscription,
                                                  const protocol::SubscribeRequest& request,
                                                  const SubscriptionOptions& options,
                                                  const channels::Channel& channel);
  Task<Verdict<void>> EnterPresence(ChannelSubscription& subscription);
  // Whether the one with that number was not ended meanwhile. Its address says nothing: the next one of the
  // channel may have the same.
  bool Holds(std::string_view channel, std::uint32_t number) const;
  std::unexpected<Refusal> FailJoin(std::string_view channel, const Error& error);
  void End(ChannelSubscription& subscription);

  Client& client_;
  SubscriptionTable table_;
  std::uint32_t begun_ = 0;
  bool any_expires_ = false;
  bool closed_ = false;
};

}  // namespace tidemill::session
