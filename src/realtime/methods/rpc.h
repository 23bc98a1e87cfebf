// rpc: procedures that a backend may call.
#pragma once

#include <vector>

#include "api/method.h"
#include "realtime/methods/methods.h"

namespace tidemill::methods {

std::vector<api::Method> RpcMethods(Services& services);

}  // namespace tidemill::methods
