// What holds for one subscription: the options of its namespace, what its terms change, what the client asks.
//
// Pure functions over values.
#pragma once

#include <cstdint>

#include "auth/option_overrides.h"
#include "realtime/broker/broker.h"
#include "realtime/channels/settings.h"
#include "realtime/protocol/messages.h"

namespace tidemill::session {

struct SubscriptionOptions {
  bool presence = false;
  bool join_leave = false;       // its own coming and going is published
  bool push_join_leave = false;  // it wants to hear of others'
  bool positioned = false;
  bool recoverable = false;
  bool recovers = false;  // it asks for what it missed since `since`
  bool is_map = false;    // where it has a stream, it follows that from a position or not at all
  bool own_key = false;   // the key that is the client's id goes when it leaves
  broker::RecoveryMode mode = broker::RecoveryMode::kStream;
  friend bool operator==(const SubscriptionOptions&, const SubscriptionOptions&) = default;
};

// What the subscriber may read of the channel.
struct ReadRights {
  bool presence = false;
  bool history = false;
};

SubscriptionOptions OptionsFor(const channels::ChannelOptions& channel,
                               const auth::OptionOverrides& overrides,
                               const protocol::SubscribeRequest& request, ReadRights rights);

// What the client is told of it.
protocol::SubscribeResult ResultOf(const SubscriptionOptions& options,
                                   const protocol::SubscribeRequest& request,
                                   broker::SubscribeOutcome outcome);

}  // namespace tidemill::session
