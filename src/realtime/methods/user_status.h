// update_user_status, get_user_status, delete_user_status.
#pragma once

#include <vector>

#include "realtime/methods/methods.h"

namespace tidemill::methods {

std::vector<api::Method> UserStatusMethods(Services& services);

}  // namespace tidemill::methods
