// disconnect and refresh: a user's connections.
#pragma once

#include <vector>

#include "api/method.h"
#include "realtime/methods/methods.h"

namespace tidemill::methods {

std::vector<api::Method> ConnectionMethods(Services& services);

}  // namespace tidemill::methods
