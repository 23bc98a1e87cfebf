// publish and broadcast.
#pragma once

#include <vector>

#include "api/method.h"
#include "realtime/methods/methods.h"

namespace tidemill::methods {

std::vector<api::Method> PublishMethods(Services& services);

}  // namespace tidemill::methods
