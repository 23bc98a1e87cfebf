#include "accounts/routes.h"

#include "accounts/own_routes.h"
#include "accounts/people_routes.h"
#include "accounts/sign_in_routes.h"

namespace tidemill::accounts {

void AddRoutes(http::Router& router, Services& services) {
  AddSignInRoutes(router, services);
  AddOwnRoutes(router, services);
  AddPeopleRoutes(router, services);
}

}  // namespace tidemill::accounts
