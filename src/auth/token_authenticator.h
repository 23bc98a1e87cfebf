// JSON Web Tokens of users, in an HTTP request: "Authorization: Bearer TOKEN" (RFC 6750 section 2.1).
#pragma once

#include <memory>

#include "auth/authenticator.h"
#include "auth/token.h"

namespace tidemill::auth {

// The tokens are those that a client connects with. `verifier` is kept as long as the authenticator.
std::shared_ptr<Authenticator> MakeTokenAuthenticator(std::shared_ptr<TokenVerifier> verifier);

}  // namespace tidemill::auth
