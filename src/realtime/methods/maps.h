// The methods of map channels: map_publish, map_remove, map_read_state, map_read_stream, map_stats,
// map_clear.
#pragma once

#include <vector>

#include "api/method.h"
#include "realtime/methods/methods.h"

namespace tidemill::methods {

std::vector<api::Method> MapMethods(Services& services);

}  // namespace tidemill::methods
