#include "auth/configured_keys.h"

#include <utility>

#include "auth/claims.h"
#include "http/url.h"

namespace tidemill::auth {
namespace {

std::unexpected<Error> Refuse(std::string detail) { return Fail(Errc::kUnauthenticated, std::move(detail)); }

std::unique_ptr<HmacKey> LoadHmac(std::string_view name, const config::Secret& secret,
                                  std::vector<UnusableSetting>& unusable) {
  if (secret.empty()) return nullptr;
  Result<std::unique_ptr<HmacKey>> key = MakeHmacKey(secret.value);
  if (key) return *std::move(key);
  unusable.push_back({name, key.error().detail});
  return nullptr;
}

}  // namespace

std::vector<UnusableSetting> FindUnusable(const TokenSettings& token) {
  std::vector<UnusableSetting> unusable;
  if (IsReservedClaim(token.user_id_claim)) {
    unusable.push_back({"user_id_claim", "\"" + token.user_id_claim + "\" has a meaning of its own"});
  }
  ConfiguredKeys keys;
  keys.Load(token, unusable);
  if (token.jwks_public_endpoint.empty()) return unusable;
  if (const auto url = http::Url::Parse(token.jwks_public_endpoint); !url) {
    unusable.push_back({"jwks_public_endpoint", url.error().detail});
  }
  if (!keys.empty()) {
    unusable.push_back({"jwks_public_endpoint", "no other key may be configured beside it"});
  }
  return unusable;
}

void ConfiguredKeys::Load(const TokenSettings& token, std::vector<UnusableSetting>& unusable) {
  hmac_ = LoadHmac("hmac_secret_key", token.hmac_secret_key, unusable);
  hmac_previous_ = LoadHmac("hmac_previous_secret_key", token.hmac_previous_secret_key, unusable);
  hmac_previous_until_ = token.hmac_previous_secret_key_valid_until;
  const auto load_pem = [&](std::string_view name, const std::string& pem, KeyKind kind) {
    if (pem.empty()) return;
    if (Result<PublicKeyPtr> key = ParsePublicKeyPem(pem, kind)) {
      public_.push_back(*std::move(key));
    } else {
      unusable.push_back({name, key.error().detail});
    }
  };
  load_pem("rsa_public_key", token.rsa_public_key, KeyKind::kRsa);
  load_pem("ecdsa_public_key", token.ecdsa_public_key, KeyKind::kEcdsa);
  load_pem("ed25519_public_key", token.ed25519_public_key, KeyKind::kEd25519);
}

Result<void> ConfiguredKeys::Check(const Jws& jws, WallTime now) const {
  if (!jws.algorithm) return Refuse("token's alg is not one we have");
  if (KindOf(*jws.algorithm) == KeyKind::kHmac) return CheckHmac(jws, now);
  for (const PublicKeyPtr& key : public_) {
    if (key->Fits(*jws.algorithm)) return CheckWith(*key, jws);
  }
  return Refuse("no key for the token's alg is configured");
}

Result<void> ConfiguredKeys::CheckHmac(const Jws& jws, WallTime now) const {
  if (hmac_ != nullptr && hmac_->Verify(*jws.algorithm, jws.signing_input, jws.signature)) return {};
  const bool previous_counts = hmac_previous_until_ == 0 || now.ms / 1000 <= hmac_previous_until_;
  if (hmac_previous_ != nullptr && previous_counts &&
      hmac_previous_->Verify(*jws.algorithm, jws.signing_input, jws.signature)) {
    return {};
  }
  return Refuse("token's signature is wrong");
}

Result<void> CheckWith(const PublicKey& key, const Jws& jws) {
  if (!jws.algorithm || !key.Fits(*jws.algorithm)) return Refuse("token's alg does not fit the key");
  if (!key.Verify(*jws.algorithm, jws.signing_input, jws.signature))
    return Refuse("token's signature is wrong");
  return {};
}

}  // namespace tidemill::auth
