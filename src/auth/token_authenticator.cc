#include "auth/token_authenticator.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "auth/verified_tokens.h"
#include "base/ascii.h"

namespace tidemill::auth {
namespace {

constexpr std::string_view kScheme = "bearer ";

// Schemes are compared without regard to case, and one or more spaces follow (RFC 9110 section 11.4).
std::optional<std::string_view> TokenOf(const http::Request& request) {
  const auto value = request.Header("authorization");
  if (!value || !EqualIgnoringCase(value->substr(0, kScheme.size()), kScheme)) return std::nullopt;
  std::string_view token = value->substr(kScheme.size());
  token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
  return token;
}

class TokenAuthenticator final : public Authenticator {
 public:
  TokenAuthenticator(std::shared_ptr<TokenVerifier> verifier, const Clock& clock,
                     std::function<bool(const Caller&)> is_revoked)
      : verifier_(std::move(verifier)), clock_(clock), is_revoked_(std::move(is_revoked)) {}

  bool HasCredentials(const http::Request& request) const override { return TokenOf(request).has_value(); }

  Task<Result<Caller>> Authenticate(const http::Request& request) override {
    const auto found = TokenOf(request);
    if (!found) co_return Fail(Errc::kUnauthenticated, "no token");
    const VerifiedTokens::Now now{.monotonic = clock_.Now(), .wall = clock_.WallNow()};
    if (const Caller* const known = verified_.Find(*found, now)) co_return Unrevoked(*known);
    std::string text(*found);
    Result<ConnectToken> token = co_await verifier_->VerifyConnect(text);
    if (!token) co_return std::unexpected(std::move(token).error());
    Caller caller{.kind = Caller::Kind::kToken,
                  .user = std::move(token->user),
                  .expire_at = token->expire_at,
                  .claims = std::move(token->claims),
                  .token = std::move(token->mark)};
    verified_.Add(std::move(text), caller, token->good_until, now);
    co_return Unrevoked(std::move(caller));
  }

  std::string Challenge() const override { return "Bearer"; }

 private:
  Result<Caller> Unrevoked(Caller caller) const {
    if (is_revoked_ && is_revoked_(caller)) {
      return Fail(Errc::kUnauthenticated, "the token is revoked, or its user is blocked");
    }
    return caller;
  }

  const std::shared_ptr<TokenVerifier> verifier_;
  const Clock& clock_;
  const std::function<bool(const Caller&)> is_revoked_;
  VerifiedTokens verified_;
};

}  // namespace

std::shared_ptr<Authenticator> MakeTokenAuthenticator(std::shared_ptr<TokenVerifier> verifier,
                                                      const Clock& clock,
                                                      std::function<bool(const Caller&)> is_revoked) {
  return std::make_shared<TokenAuthenticator>(std::move(verifier), clock, std::move(is_revoked));
}

}  // namespace tidemill::auth
