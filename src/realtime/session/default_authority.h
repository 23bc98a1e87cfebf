// The authority of all namespaces without one of their own: a subscription token decides alone; without one
// the rules of the channel do.
#pragma once

#include <memory>

#include "realtime/session/authority.h"

namespace tidemill::session {

std::unique_ptr<Authority> MakeDefaultAuthority();

}  // namespace tidemill::session
