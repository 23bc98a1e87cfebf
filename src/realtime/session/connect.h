// ConnectCommand: the connect command step by step: who is it, may it come in, what does it follow from the
// start. Session::Connect takes the steps in this order.
//
// Loop thread only. Made for one command; refers to parts of the session, which outlives it (Session::Pin).
#pragma once

#include <map>
#include <string>

#include "auth/token.h"
#include "net/task.h"
#include "realtime/protocol/messages.h"
#include "realtime/session/backend.h"
#include "realtime/session/client.h"
#include "realtime/session/subscriptions.h"
#include "realtime/session/verdict.h"

namespace tidemill::session {

// What a client follows from the start, by channel.
using InitialSubscriptions = std::map<std::string, auth::TokenSubscription>;

class ConnectCommand {
 public:
  ConnectCommand(Client& client, Subscriptions& subscriptions)
      : client_(client), subscriptions_(subscriptions) {}

  // By its token; without one the backend is asked, if there is one. A client that nobody knows is an
  // anonymous one, where the settings allow it.
  Task<Verdict<ConnectTerms>> Authenticate(const protocol::ConnectRequest& request) const;

  // Whether the user is not blocked and the token not revoked. For a client that stands in the registry.
  // Waits a while for a node that has just started to know who is.
  Task<Verdict<void>> CheckAccess() const;

  // For a client that stands in the registry. client.single_connection ends the user's others.
  Task<Verdict<void>> EnforceUserLimits() const;

  // The channels of the token or of the backend, the user's personal one, and those the client asks for and
  // could subscribe to; the backend has seen what it asks for.
  Verdict<InitialSubscriptions> ChannelsOf(const ConnectTerms& terms,
                                           const protocol::ConnectRequest& request) const;

  // Takes their places, so that what is done to them before they are joined is not lost.
  Verdict<void> Begin(const InitialSubscriptions& wanted) const;

  // Joins them one after the other; gives the reply's `subs`: those that nobody has ended meanwhile.
  Task<Verdict<decltype(protocol::ConnectResult::subs)>> Join(InitialSubscriptions wanted,
                                                              protocol::ConnectRequest request);

  // The rest of the reply.
  protocol::ConnectResult Result() const;

 private:
  Task<Verdict<ConnectTerms>> CheckToken(std::string token) const;
  Task<Verdict<ConnectTerms>> AskBackend(const protocol::ConnectRequest& request) const;

  Client& client_;
  Subscriptions& subscriptions_;
};

}  // namespace tidemill::session
