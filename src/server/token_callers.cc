#include "server/token_callers.h"

#include <utility>

#include "auth/token_authenticator.h"

namespace tidemill::server {

std::function<bool(const auth::Caller&)> RevokedCheckOf(const session::Context& context) {
  return [&context](const auth::Caller& caller) {
    const access::AccessList* const list = context.access;
    if (list == nullptr) return false;
    const WallTime now = context.loop.clock().WallNow();
    return list->IsBlocked(caller.user, now) || list->IsRevoked(caller.user, caller.token, "", now);
  };
}

std::shared_ptr<auth::Authenticator> TokenAuthenticatorOf(const session::Context& context) {
  const std::shared_ptr<session::Tokens>& tokens = context.tokens;
  return auth::MakeTokenAuthenticator(std::shared_ptr<auth::TokenVerifier>(tokens, tokens->connect.get()),
                                      context.loop.clock(), RevokedCheckOf(context));
}

}  // namespace tidemill::server
