// history and history_remove: what a channel's stream keeps.
#pragma once

#include <vector>

#include "api/method.h"
#include "realtime/methods/methods.h"

namespace tidemill::methods {

std::vector<api::Method> HistoryMethods(Services& services);

}  // namespace tidemill::methods
