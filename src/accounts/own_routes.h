// Routes for who is logged in, about themselves: me, sessions, password, token, logout. Loop thread only.
#pragma once

#include "accounts/services.h"
#include "http/router.h"

namespace tidemill::accounts {

void AddOwnRoutes(http::Router& router, Services& services);

}  // namespace tidemill::accounts
