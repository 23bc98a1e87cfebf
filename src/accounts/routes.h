// The routes of accounts, below /accounts/v1/. docs/guide/accounts.md describes them.
//
// Loop thread only, as the services are, which outlive the router.
#pragma once

#include "accounts/services.h"
#include "http/router.h"

namespace tidemill::accounts {

void AddRoutes(http::Router& router, Services& services);

}  // namespace tidemill::accounts
