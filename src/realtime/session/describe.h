// Describe: what operators are told of a connection.
#pragma once

#include "realtime/control/directory.h"
#include "realtime/session/client.h"
#include "realtime/session/subscriptions.h"

namespace tidemill::session {

control::ConnectionInfo Describe(const Client& client, const Subscriptions& subscriptions,
                                 const AppNames::App& app);

}  // namespace tidemill::session
