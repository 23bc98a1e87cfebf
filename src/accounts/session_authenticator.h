// The cookie of a browser's session as credentials of a request (auth/authenticator.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "accounts/metrics.h"
#include "accounts/session_cache.h"
#include "auth/authenticator.h"

namespace tidemill::accounts {

// Gives a Caller of kind kAccount: `user` is the account's id, `claims` {"sub","name","username","role"}.
// kPermissionDenied: a page of another site has sent a request that changes something. `cache` and `metrics`
// outlive it; `own_origins`: http/page_origin.h.
std::shared_ptr<auth::Authenticator> MakeSessionAuthenticator(SessionCache& cache, Metrics& metrics,
                                                              std::vector<std::string> own_origins);

// {"sub":"…","name":"…","username":"…","role":"…"}, and further members that `more` begins with a comma.
std::string ClaimsOf(const User& user, std::string_view more = "");

}  // namespace tidemill::accounts
