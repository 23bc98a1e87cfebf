// What a decision about access means for a connection.
#pragma once

#include <optional>

#include "realtime/access/entry.h"
#include "realtime/protocol/codes.h"
#include "realtime/session/client.h"

namespace tidemill::session {

// The code that it ends with, which is noted; nullopt: it goes on.
std::optional<protocol::DisconnectCode> EndsConnection(const access::Entry& entry, const Client& client);

}  // namespace tidemill::session
