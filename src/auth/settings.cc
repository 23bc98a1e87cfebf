#include "auth/settings.h"

#include <fmt/format.h>

#include <limits>

#include "auth/configured_keys.h"
#include "config/section.h"

namespace tidemill::auth {
namespace {

constexpr config::Row<TokenSettings> kToken[] = {
    {"hmac_secret_key",
     config::Of<&TokenSettings::hmac_secret_key>,
     {.doc = "Secret of tokens signed with HS256, HS384 or HS512, of at least 32, 48 or 64 bytes; "
             "\"base64:…\" for bytes that are no text.",
      .text = config::TextFrom::kBytes}},
    {"hmac_previous_secret_key",
     config::Of<&TokenSettings::hmac_previous_secret_key>,
     {.doc = "The secret before, good as well while it is being replaced.",
      .text = config::TextFrom::kBytes}},
    {"hmac_previous_secret_key_valid_until",
     config::Of<&TokenSettings::hmac_previous_secret_key_valid_until>,
     {.doc = "When the secret before ends, in seconds since 1970; 0: never.",
      .max = std::numeric_limits<std::int64_t>::max()}},
    {"rsa_public_key",
     config::Of<&TokenSettings::rsa_public_key>,
     {.doc = "Public key, PEM text or file, of tokens signed with RS256, RS384, RS512, PS256, PS384 "
             "or PS512.",
      .text = config::TextFrom::kPem}},
    {"ecdsa_public_key",
     config::Of<&TokenSettings::ecdsa_public_key>,
     {.doc = "Public key, PEM text or file, of tokens signed with ES256, ES384 or ES512.",
      .text = config::TextFrom::kPem}},
    {"ed25519_public_key",
     config::Of<&TokenSettings::ed25519_public_key>,
     {.doc = "Public key, PEM text or file, of tokens signed with EdDSA.", .text = config::TextFrom::kPem}},
    {"jwks_public_endpoint",
     config::Of<&TokenSettings::jwks_public_endpoint>,
     {.doc = "URL of a JSON Web Key Set with the public keys."}},
    {"audience", config::Of<&TokenSettings::audience>, {.doc = "When given, a token's aud must have it."}},
    {"issuer", config::Of<&TokenSettings::issuer>, {.doc = "When given, a token's iss must be it."}},
    {"user_id_claim",
     config::Of<&TokenSettings::user_id_claim>,
     {.doc = "Claim with the user's id; sub when empty."}},
    {"leeway",
     config::Of<&TokenSettings::leeway>,
     {.doc = "How far the clocks of issuer and server may differ: what expires in a token lasts that much "
             "longer.",
      .max = kLeewayMax.ms}},
};

void Check(const TokenSettings& token, const std::string& prefix, config::Findings& findings) {
  for (const UnusableSetting& setting : FindUnusable(token)) {
    findings.push_back({.key = fmt::format("{}{}", prefix, setting.name), .text = ": " + setting.why});
  }
}

}  // namespace

config::Section<TokenSettings> TokenSection() { return {.rows = kToken, .check = Check}; }

}  // namespace tidemill::auth
