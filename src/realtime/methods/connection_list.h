// connections: who is connected, and how.
#pragma once

#include <vector>

#include "api/method.h"
#include "realtime/methods/methods.h"

namespace tidemill::methods {

std::vector<api::Method> ConnectionListMethods(Services& services);

}  // namespace tidemill::methods
