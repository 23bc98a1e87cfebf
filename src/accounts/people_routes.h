// Routes for who manages others: users, invitations, the audit log. Loop thread only.
#pragma once

#include "accounts/services.h"
#include "http/router.h"

namespace tidemill::accounts {

void AddPeopleRoutes(http::Router& router, Services& services);

}  // namespace tidemill::accounts
