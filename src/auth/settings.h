// Settings of tokens: whose signature is believed. client.token and client.subscription_token have them.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "config/secret.h"
#include "config/section_fwd.h"

namespace tidemill::auth {

inline constexpr Duration kLeewayMax = Seconds(60);

struct TokenSettings {
  config::Secret hmac_secret_key;
  config::Secret hmac_previous_secret_key;
  std::int64_t hmac_previous_secret_key_valid_until = 0;  // seconds since the Unix epoch; 0: no end
  std::string rsa_public_key;                             // PEM
  std::string ecdsa_public_key;                           // PEM
  std::string ed25519_public_key;                         // PEM
  std::string jwks_public_endpoint;
  std::string audience;
  std::string issuer;
  std::string user_id_claim;     // "" : sub
  Duration leeway = Seconds(0);  // 0 to kLeewayMax
  friend bool operator==(const TokenSettings&, const TokenSettings&) = default;
};

config::Section<TokenSettings> TokenSection();

}  // namespace tidemill::auth
