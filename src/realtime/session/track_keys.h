// The keys that a client tracks in a polled channel: commands, limits, signatures. What becomes of them:
// polls/.
//
// Loop thread only.
#pragma once

#include <string>

#include "realtime/polls/polls.h"
#include "realtime/protocol/messages.h"
#include "realtime/session/channel_subscription.h"
#include "realtime/session/client.h"
#include "realtime/session/subscription_options.h"
#include "realtime/session/subscriptions.h"
#include "realtime/session/verdict.h"

namespace tidemill::session {

// Those of one subscription.
class KeyTracking final : private polls::TrackingEvents {
 public:
  KeyTracking(Client& client, ChannelSubscription& subscription, const channels::PollOptions& poll,
              polls::Tracking::Options options);

  polls::Tracking& keys() { return keys_; }
  bool deltas() const { return deltas_; }

 private:
  // polls::TrackingEvents
  void OnRemoved(const protocol::PublicationPtr& removal) override;
  void OnInappropriateData() override;

  ChannelSubscription& subscription_;
  const bool deltas_;
  polls::Tracking keys_;
};

// Of a subscription that has just been attached, in a channel of the loop's Polls.
polls::Tracking& BeginTracking(Client& client, ChannelSubscription& subscription,
                               const SubscriptionOptions& options);

// Tracks keys, or tracks them no more: kErrorPermissionDenied, the client is not subscribed or a signature is
// wrong; kErrorTokenExpired, it has expired; kErrorLimitExceeded; kErrorBadRequest.
Verdict<protocol::SubRefreshResult> TrackKeys(Client& client, Subscriptions& subscriptions,
                                              protocol::SubRefreshRequest request);

}  // namespace tidemill::session
