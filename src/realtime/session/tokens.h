// Tokens: what checks the tokens of one loop's clients.
//
// Loop thread only. A reload makes new ones; a task holds those it began with.
#pragma once

#include <memory>

#include "auth/token.h"
#include "base/result.h"
#include "net/loop.h"
#include "realtime/session/settings.h"

namespace tidemill::session {

struct Tokens {
  std::unique_ptr<auth::JwksSource> connect_keys;
  std::unique_ptr<auth::JwksSource> subscribe_keys;
  std::unique_ptr<auth::TokenVerifier> connect;
  std::unique_ptr<auth::TokenVerifier> subscribe;  // null: `connect` serves both

  auth::TokenVerifier& for_subscribe() { return subscribe ? *subscribe : *connect; }
};

// kInvalidArgument names the key that cannot be used. `own_key`: auth/token.h.
Result<std::shared_ptr<Tokens>> MakeTokens(net::Loop& loop, const ClientSettings& client,
                                           const auth::OwnKey* own_key = nullptr);

}  // namespace tidemill::session
