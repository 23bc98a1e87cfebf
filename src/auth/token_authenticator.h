// JSON Web Tokens of users, in an HTTP request: "Authorization: Bearer TOKEN" (RFC 6750 section 2.1).
#pragma once

#include <functional>
#include <memory>

#include "auth/authenticator.h"
#include "auth/token.h"
#include "base/clock.h"

namespace tidemill::auth {

// The tokens are those that a client connects with; one that comes again is not verified again for a while
// (verified_tokens.h). `verifier` is kept as long as the authenticator; `clock` outlives it. `is_revoked` is
// asked each time, also about tokens that are known; empty: none is.
std::shared_ptr<Authenticator> MakeTokenAuthenticator(std::shared_ptr<TokenVerifier> verifier,
                                                      const Clock& clock,
                                                      std::function<bool(const Caller&)> is_revoked = {});

}  // namespace tidemill::auth
