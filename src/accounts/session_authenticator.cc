#include "accounts/session_authenticator.h"

#include <utility>

#include "accounts/cookie.h"
#include "base/json_writer.h"
#include "http/page_origin.h"

namespace tidemill::accounts {
namespace {

class SessionAuthenticator final : public auth::Authenticator {
 public:
  SessionAuthenticator(SessionCache& cache, Metrics& metrics, std::vector<std::string> own_origins)
      : cache_(cache), metrics_(metrics), own_origins_(std::move(own_origins)) {}

  bool HasCredentials(const http::Request& request) const override { return HasSessionCookie(request); }

  Task<Result<auth::Caller>> Authenticate(const http::Request& request) override {
    if (!http::IsSafe(request.method) &&
        http::PageOriginOf(request, own_origins_) != http::PageOrigin::kOwn) {
      metrics_.cross_site_refused.Add();
      co_return Fail(Errc::kPermissionDenied, "the request comes from a page of another site");
    }
    const auto token = SessionCookieOf(request);
    if (!token) co_return Fail(Errc::kUnauthenticated, "the cookie holds no session");
    TM_CO_TRY_ASSIGN(const std::shared_ptr<const LiveSession> live,
                     co_await cache_.Find(std::string(*token)));
    if (!live) co_return Fail(Errc::kUnauthenticated, "the session has ended");
    co_return auth::Caller{.kind = auth::Caller::Kind::kAccount,
                           .user = live->user.id,
                           .expire_at = live->session.expires_at / 1000,
                           .claims = ClaimsOf(live->user)};
  }

  std::string Challenge() const override { return "Cookie"; }

 private:
  SessionCache& cache_;
  Metrics& metrics_;
  const std::vector<std::string> own_origins_;
};

}  // namespace

std::shared_ptr<auth::Authenticator> MakeSessionAuthenticator(SessionCache& cache, Metrics& metrics,
                                                              std::vector<std::string> own_origins) {
  return std::make_shared<SessionAuthenticator>(cache, metrics, std::move(own_origins));
}

std::string ClaimsOf(const User& user, std::string_view more) {
  std::string claims;
  JsonWriter json(claims);
  json.BeginObject();
  json.Member("sub", user.id);
  json.Member("name", user.name);
  json.Member("username", user.username);
  json.Member("role", Name(user.role));
  claims += more;
  json.EndObject();
  return claims;
}

}  // namespace tidemill::accounts
