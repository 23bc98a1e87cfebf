// JSON Web Tokens of clients: verified by the keys that are configured, never by what the token's header says
// (RFC 8725 section 3.1); the header's alg must agree with the key.
//
// One verifier per loop and token set: it holds OpenSSL contexts and the JWKS cache's view.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/jwks.h"
#include "auth/option_overrides.h"
#include "auth/own_key.h"
#include "auth/settings.h"
#include "auth/token_mark.h"
#include "base/clock.h"
#include "base/result.h"
#include "net/task.h"

namespace tidemill::auth {

// A server-side subscription that a connection token carries.
struct TokenSubscription {
  std::string info;  // raw bytes (JSON, or what b64info held)
  std::string data;
  OptionOverrides overrides;
  std::string tags_filter;  // JSON of server_tags_filter; "": there is none
  friend bool operator==(const TokenSubscription&, const TokenSubscription&) = default;
};

struct ConnectToken {
  std::string user;
  std::int64_t expire_at = 0;  // of the connection, seconds since the Unix epoch; 0: never. From exp,
                               // unless the token has an expire_at of its own; with leeway
  std::string info;
  std::string meta;
  std::map<std::string, TokenSubscription> subs;  // from `subs`, or else from `channels`
  std::string claims;                             // all of the payload: a JSON object, as it was signed
  std::optional<WallTime> good_until;             // the token itself: its exp with leeway; nullopt: no end
  TokenMark mark;
};

struct SubscribeToken {
  std::string user;
  std::string channel;
  std::string client;
  std::int64_t expire_at = 0;  // of the subscription, as above; 0: never
  std::string info;
  std::string data;
  OptionOverrides overrides;
  std::string tags_filter;  // as above
  std::string claims;       // all of the payload: a JSON object, as it was signed
  TokenMark mark;
};

// Loop thread only; must outlive the tasks it gave.
class TokenVerifier {
 public:
  virtual ~TokenVerifier() = default;
  // kExpired: the signature is good but exp (with leeway) has passed, or nbf is still to come: a newer token
  // helps. kUnauthenticated: anything else that is wrong with it; the detail says what, for the log only.
  // kUnavailable, kLimitExceeded: the keys could not be fetched.
  virtual Task<Result<ConnectToken>> VerifyConnect(std::string token) = 0;
  virtual Task<Result<SubscribeToken>> VerifySubscribe(std::string token) = 0;
};

struct VerifierOptions {
  auth::TokenSettings token;
  bool skip_signature = false;   // client.insecure_skip_token_signature_verify
  const Clock* clock = nullptr;  // null: SystemClock()
  // For tokens of connections whose key id is kOwnKeyId; outlives the verifier. Null: they are as any other.
  const OwnKey* own_key = nullptr;
};

// With token.jwks_public_endpoint the keys are those of `jwks` and no others may be configured; without it
// `jwks` is null and the keys are the HMAC secrets and the PEM keys given. With none at all every token is
// refused. kInvalidArgument names the setting that cannot be used.
Result<std::unique_ptr<TokenVerifier>> MakeTokenVerifier(VerifierOptions options, JwksSource* jwks);

// Signs with HS256. `claims` is a JSON object, `key` not empty; `key_id`: plain letters, digits and '-'; "":
// none.
std::string SignHs256(std::string_view claims, std::string_view key, std::string_view key_id = "");

}  // namespace tidemill::auth
