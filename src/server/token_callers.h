// The tokens of a loop's clients as credentials of HTTP requests, for all who serve people over HTTP.
#pragma once

#include <functional>
#include <memory>

#include "auth/authenticator.h"
#include "realtime/session/context.h"

namespace tidemill::server {

// As the context's tokens are now: after a reload another is made. Users who are blocked and tokens that are
// revoked are refused as they are on connections. `context` outlives it.
std::shared_ptr<auth::Authenticator> TokenAuthenticatorOf(const session::Context& context);

// Whether by now the caller is blocked, or their token was revoked. `context` outlives it.
std::function<bool(const auth::Caller&)> RevokedCheckOf(const session::Context& context);

}  // namespace tidemill::server
