#include "auth/token_authenticator.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/ascii.h"

namespace tidemill::auth {
namespace {

constexpr std::string_view kScheme = "bearer ";

// Schemes are compared without regard to case, and one or more spaces follow (RFC 9110 section 11.4).
std::optional<std::string> TokenOf(const http::Request& request) {
  const auto value = request.Header("authorization");
  if (!value || !EqualIgnoringCase(value->substr(0, kScheme.size()), kScheme)) return std::nullopt;
  std::string_view token = value->substr(kScheme.size());
  token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
  return std::string(token);
}

class TokenAuthenticator final : public Authenticator {
 public:
  explicit TokenAuthenticator(std::shared_ptr<TokenVerifier> verifier) : verifier_(std::move(verifier)) {}

  bool HasCredentials(const http::Request& request) const override { return TokenOf(request).has_value(); }

  Task<Result<Caller>> Authenticate(const http::Request& request) override {
    std::optional<std::string> text = TokenOf(request);
    if (!text) co_return Fail(Errc::kUnauthenticated, "no token");
    Result<ConnectToken> token = co_await verifier_->VerifyConnect(*std::move(text));
    if (!token) co_return std::unexpected(std::move(token).error());
    co_return Caller{.kind = Caller::Kind::kToken,
                     .user = std::move(token->user),
                     .expire_at = token->expire_at,
                     .claims = std::move(token->claims)};
  }

  std::string Challenge() const override { return "Bearer"; }

 private:
  const std::shared_ptr<TokenVerifier> verifier_;
};

}  // namespace

std::shared_ptr<Authenticator> MakeTokenAuthenticator(std::shared_ptr<TokenVerifier> verifier) {
  return std::make_shared<TokenAuthenticator>(std::move(verifier));
}

}  // namespace tidemill::auth
