// presence and presence_stats: who is in a channel.
#pragma once

#include <vector>

#include "api/method.h"
#include "realtime/methods/methods.h"

namespace tidemill::methods {

std::vector<api::Method> PresenceMethods(Services& services);

}  // namespace tidemill::methods
