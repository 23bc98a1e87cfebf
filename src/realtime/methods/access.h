// block_user, unblock_user, revoke_token and invalidate_user_tokens: who may not come in.
#pragma once

#include <vector>

#include "api/method.h"
#include "realtime/methods/methods.h"

namespace tidemill::methods {

std::vector<api::Method> AccessMethods(Services& services);

}  // namespace tidemill::methods
