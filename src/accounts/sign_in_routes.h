// Routes for people who are not logged in: status, setup, login, join, reset. Loop thread only.
#pragma once

#include "accounts/services.h"
#include "http/router.h"

namespace tidemill::accounts {

void AddSignInRoutes(http::Router& router, Services& services);

}  // namespace tidemill::accounts
