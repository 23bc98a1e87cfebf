#include "realtime/session/tokens.h"

#include <utility>

namespace tidemill::session {
namespace {

struct Made {
  std::unique_ptr<auth::JwksSource> keys;
  std::unique_ptr<auth::TokenVerifier> verifier;
};

Result<Made> MakeOne(net::Loop& loop, const auth::TokenSettings& token, const ClientSettings& client,
                     const auth::OwnKey* own_key) {
  Made made;
  if (!token.jwks_public_endpoint.empty()) {
    TM_TRY_ASSIGN(auto tls, net::OpenClientTls(""));
    TM_TRY_ASSIGN(made.keys, auth::MakeJwksSource(
                                 loop, {.endpoint = token.jwks_public_endpoint, .tls = std::move(tls)}));
  }
  TM_TRY_ASSIGN(made.verifier,
                auth::MakeTokenVerifier({.token = token,
                                         .skip_signature = client.insecure_skip_token_signature_verify,
                                         .clock = &loop.clock(),
                                         .own_key = own_key},
                                        made.keys.get()));
  return made;
}

}  // namespace

Result<std::shared_ptr<Tokens>> MakeTokens(net::Loop& loop, const ClientSettings& client,
                                           const auth::OwnKey* own_key) {
  auto tokens = std::make_shared<Tokens>();
  TM_TRY_ASSIGN(Made connect, MakeOne(loop, client.token, client, own_key));
  tokens->connect_keys = std::move(connect.keys);
  tokens->connect = std::move(connect.verifier);
  if (client.subscription_token_enabled) {
    TM_TRY_ASSIGN(Made subscribe, MakeOne(loop, client.subscription_token, client, nullptr));
    tokens->subscribe_keys = std::move(subscribe.keys);
    tokens->subscribe = std::move(subscribe.verifier);
  }
  return tokens;
}

}  // namespace tidemill::session
