// The authority of all namespaces without one of their own: a subscription token decides alone; without one
// the rules of the channel do.
#pragma once

#include <memory>

#include "realtime/session/authority.h"

namespace tidemill::session {

// Whether the backend decides who subscribes to the channel without a token. It says no word about one that
// needs a token, nor about one that lists its users.
bool IsForBackend(const Client& client, const channels::Channel& channel);

std::unique_ptr<Authority> MakeDefaultAuthority();

}  // namespace tidemill::session
