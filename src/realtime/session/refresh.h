// Refreshing what expires, by a newer token: the connection and subscriptions.
//
// An expired token ends what it was to prolong: it must not make it permanent.
#pragma once

#include <string>

#include "net/task.h"
#include "realtime/protocol/messages.h"
#include "realtime/session/client.h"
#include "realtime/session/subscriptions.h"
#include "realtime/session/verdict.h"

namespace tidemill::session {

// The token must be of the same user, with the same server-side channels. What the server sets meanwhile
// wins, and is what the result says.
Task<Verdict<protocol::RefreshResult>> Refresh(Client& client, std::string token);

// Of a subscription that is there; the token must be for this client and channel.
struct RefreshedSubscription {
  protocol::SubRefreshResult result;
  bool sees_other = false;  // the token lets it see other publications: it is to begin anew
};
Task<Verdict<RefreshedSubscription>> RefreshSubscription(Client& client, Subscriptions& subscriptions,
                                                         protocol::SubRefreshRequest request);

}  // namespace tidemill::session
