// Accounts in the HTTP API, for who runs the server: users, their roles, links.
//
// Loop thread only; `services` outlives the methods.
#pragma once

#include <vector>

#include "accounts/services.h"
#include "api/method.h"

namespace tidemill::accounts {

std::vector<api::Method> AccountsMethods(Services& services);

}  // namespace tidemill::accounts
