// What expires and is prolonged by the backend, and not by the client with a newer token.
//
// Loop thread only. Refers to parts of a session, which outlives the tasks (Session::Pin).
#pragma once

#include <cstdint>
#include <string>

#include "net/task.h"
#include "realtime/session/client.h"
#include "realtime/session/subscriptions.h"

namespace tidemill::session {

// Whether the backend prolongs the client's connection: it was told so when it connected, and there still is
// who to ask. A reload changes nothing for those that were told otherwise.
bool IsRefreshed(const Client& client);

// Of a connection whose time is over. It gets another minute at once, so that the backend is asked again if
// it does not answer. False: the backend has said that it ends. What the server sets meanwhile wins.
Task<bool> ProlongConnection(Client& client);

// The same for a subscription, the one with that number (ChannelSubscription::number).
Task<bool> ProlongSubscription(Client& client, Subscriptions& subscriptions, std::string channel,
                               std::uint32_t number);

}  // namespace tidemill::session
