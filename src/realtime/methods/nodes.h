// channels and info: what the nodes have.
#pragma once

#include <vector>

#include "api/method.h"
#include "realtime/methods/methods.h"

namespace tidemill::methods {

std::vector<api::Method> NodeMethods(Services& services);

}  // namespace tidemill::methods
