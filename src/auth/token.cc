#include "auth/token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <utility>

#include "auth/claims.h"
#include "auth/configured_keys.h"
#include "auth/jws.h"
#include "base/assert.h"
#include "base/base64.h"

namespace tidemill::auth {
namespace {

std::unexpected<Error> Refuse(std::string detail) { return Fail(Errc::kUnauthenticated, std::move(detail)); }

class Verifier final : public TokenVerifier {
 public:
  Verifier(VerifierOptions options, JwksSource* jwks)
      : token_(std::move(options.token)),
        skip_signature_(options.skip_signature),
        clock_(options.clock != nullptr ? *options.clock : SystemClock()),
        own_(options.own_key),
        jwks_(jwks) {}

  Result<void> Load() {
    TM_ASSERT(token_.leeway >= Duration{} && token_.leeway <= kLeewayMax);
    TM_ASSERT((jwks_ != nullptr) == !token_.jwks_public_endpoint.empty());
    if (const auto unusable = FindUnusable(token_); !unusable.empty()) {
      return Fail(Errc::kInvalidArgument, std::string(unusable.front().name) + ": " + unusable.front().why);
    }
    std::vector<UnusableSetting> none;
    keys_.Load(token_, none);
    return {};
  }

  Task<Result<ConnectToken>> VerifyConnect(std::string token) override {
    TM_CO_TRY_ASSIGN(Jws jws, ParseJws(token));
    if (own_ != nullptr && jws.key_id == kOwnKeyId) {
      TM_CO_TRY(CheckOwn(jws));
      co_return ToConnectToken(std::move(jws.payload), Issuer::kThisServer);
    }
    if (jwks_ != nullptr && !skip_signature_) {
      TM_CO_TRY(co_await CheckWithJwks(jws));
    } else {
      TM_CO_TRY(CheckConfigured(jws));
    }
    co_return ToConnectToken(std::move(jws.payload), Issuer::kOther);
  }

  Task<Result<SubscribeToken>> VerifySubscribe(std::string token) override {
    TM_CO_TRY_ASSIGN(Jws jws, ParseJws(token));
    if (jwks_ != nullptr && !skip_signature_) {
      TM_CO_TRY(co_await CheckWithJwks(jws));
    } else {
      TM_CO_TRY(CheckConfigured(jws));
    }
    co_return ToSubscribeToken(std::move(jws.payload));
  }

 private:
  enum class Issuer : std::uint8_t { kThisServer, kOther };

  Result<void> CheckOwn(const Jws& jws) {
    auto secret = own_->Get();
    if (!secret) return Fail(Errc::kUnavailable, "the key of accounts is not known yet");
    if (secret != own_secret_) {
      TM_TRY_ASSIGN(own_hmac_, MakeHmacKey(*secret));
      own_secret_ = std::move(secret);
    }
    if (jws.algorithm != Algorithm::kHs256) return Refuse("token's alg does not fit the key");
    if (!own_hmac_->Verify(*jws.algorithm, jws.signing_input, jws.signature)) {
      return Refuse("token's signature is wrong");
    }
    return {};
  }

  Result<void> CheckConfigured(const Jws& jws) {
    return skip_signature_ ? Result<void>() : keys_.Check(jws, clock_.WallNow());
  }

  // `jws` belongs to the awaiting frame.
  Task<Result<void>> CheckWithJwks(const Jws& jws) {
    if (jws.key_id.empty()) co_return Refuse("token has no kid");
    // A key set holds no HMAC keys, so nothing is fetched for them.
    if (!jws.algorithm || KindOf(*jws.algorithm) == KeyKind::kHmac) {
      co_return Refuse("token's alg is not one of a key set");
    }
    const Result<PublicKeyPtr> key = co_await jwks_->Find(jws.key_id);
    if (!key && key.error().code == Errc::kNotFound) co_return Refuse(key.error().detail);
    if (!key) co_return std::unexpected(key.error());
    co_return CheckWith(**key, jws);
  }

  // For both kinds of token, after the signature was verified.
  Result<void> CheckClaims(const Claims& claims) const {
    if (!token_.issuer.empty() && claims.issuer != token_.issuer) return Refuse("token's iss is another");
    if (!token_.audience.empty() &&
        std::ranges::find(claims.audience, token_.audience) == claims.audience.end()) {
      return Refuse("token's aud does not list us");
    }
    return {};
  }

  Result<void> CheckTimes(const Claims& claims) const {
    const std::int64_t now_ms = clock_.WallNow().ms;
    if (const auto until = GoodUntil(claims); until && now_ms >= until->ms) {
      return Fail(Errc::kExpired, "token's exp has passed");
    }
    if (claims.nbf && now_ms < *claims.nbf * 1000 - token_.leeway.ms) {
      return Fail(Errc::kExpired, "token's nbf is still to come");
    }
    return {};
  }

  std::optional<WallTime> GoodUntil(const Claims& claims) const {
    if (!claims.exp) return std::nullopt;
    return WallTime{*claims.exp * 1000} + token_.leeway;
  }

  // `expire_at` takes precedence over `exp`; zero or less of it means never. What the token grants lasts as
  // long as the token is good: with leeway.
  std::int64_t ExpireAt(const Claims& claims) const {
    const std::int64_t expire_at = claims.expire_at.value_or(claims.exp.value_or(0));
    if (claims.expire_at && expire_at <= 0) return 0;
    return expire_at == 0 ? 0 : expire_at + (token_.leeway.ms + 999) / 1000;
  }

  Result<ConnectToken> ToConnectToken(std::string payload, Issuer issuer) const {
    const bool is_own = issuer == Issuer::kThisServer;
    TM_TRY_ASSIGN(Claims claims,
                  ParseClaims(payload, TokenKind::kConnect, is_own ? "" : token_.user_id_claim));
    if (!is_own) {
      TM_TRY(CheckClaims(claims));
    }
    if (!claims.channel.empty()) return Refuse("a subscription's token cannot connect");
    TM_TRY(CheckTimes(claims));
    if (claims.subs.empty()) {
      for (std::string& channel : claims.channels) claims.subs.try_emplace(std::move(channel));
    }
    return ConnectToken{.user = std::move(claims.user),
                        .expire_at = ExpireAt(claims),
                        .info = std::move(claims.info),
                        .meta = std::move(claims.meta),
                        .subs = std::move(claims.subs),
                        .claims = std::move(payload),
                        .good_until = GoodUntil(claims),
                        .mark = std::move(claims.mark)};
  }

  Result<SubscribeToken> ToSubscribeToken(std::string payload) const {
    TM_TRY_ASSIGN(Claims claims, ParseClaims(payload, TokenKind::kSubscribe, token_.user_id_claim));
    TM_TRY(CheckClaims(claims));
    if (claims.channel.empty()) return Refuse("token has no channel");
    TM_TRY(CheckTimes(claims));
    return SubscribeToken{.user = std::move(claims.user),
                          .channel = std::move(claims.channel),
                          .client = std::move(claims.client),
                          .expire_at = ExpireAt(claims),
                          .info = std::move(claims.info),
                          .data = std::move(claims.data),
                          .overrides = claims.overrides,
                          .tags_filter = std::move(claims.tags_filter),
                          .claims = std::move(payload),
                          .mark = std::move(claims.mark)};
  }

  const auth::TokenSettings token_;
  const bool skip_signature_;
  const Clock& clock_;
  const OwnKey* const own_;
  std::shared_ptr<const std::string> own_secret_;  // that own_hmac_ is made of
  std::unique_ptr<HmacKey> own_hmac_;
  JwksSource* const jwks_;
  ConfiguredKeys keys_;
};

}  // namespace

Result<std::unique_ptr<TokenVerifier>> MakeTokenVerifier(VerifierOptions options, JwksSource* jwks) {
  auto verifier = std::make_unique<Verifier>(std::move(options), jwks);
  TM_TRY(verifier->Load());
  return verifier;
}

std::string SignHs256(std::string_view claims, std::string_view key, std::string_view key_id) {
  std::string header = R"({"alg":"HS256","typ":"JWT")";
  if (!key_id.empty()) header.append(",\"kid\":\"").append(key_id).append("\"");
  std::string token = Base64Encode(header + "}", Base64::kUrl);
  token += '.';
  token += Base64Encode(claims, Base64::kUrl);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  TM_ASSERT(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                 reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest,
                 &size) != nullptr);
  token += '.';
  token += Base64Encode({reinterpret_cast<const char*>(digest), size}, Base64::kUrl);
  return token;
}

}  // namespace tidemill::auth
