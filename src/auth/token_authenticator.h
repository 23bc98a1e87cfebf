// JSON Web Tokens of users, in an HTTP request: "Authorization: Bearer TOKEN" (RFC 6750 section 2.1).
#pragma once

#include <memory>

#include "auth/authenticator.h"
#include "auth/token.h"
#include "base/clock.h"

namespace tidemill::auth {

// The tokens are those that a client connects with; one that comes again is not verified again for a while
// (verified_tokens.h). `verifier` is kept as long as the authenticator; `clock` outlives it.
std::shared_ptr<Authenticator> MakeTokenAuthenticator(std::shared_ptr<TokenVerifier> verifier,
                                                      const Clock& clock);

}  // namespace tidemill::auth
