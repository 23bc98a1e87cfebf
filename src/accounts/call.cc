#include "accounts/call.h"

#include <utility>

#include "accounts/cookie.h"
#include "accounts/links.h"
#include "accounts/secret_token.h"
#include "base/utf8.h"
#include "http/origin.h"
#include "http/page_origin.h"

namespace tidemill::accounts {
namespace {

constexpr std::size_t kBodyBytesMax = 8 * 1024;
constexpr std::size_t kAgentBytesMax = 200;

class CallHandler final : public http::Handler {
 public:
  CallHandler(Services& services, Call call) : services_(services), call_(call) {}

  std::size_t body_bytes_max() const override { return kBodyBytesMax; }
  Task<http::Response> Handle(const http::Request& request) override {
    auto outcome = co_await call_(services_, request);
    co_return outcome ? *std::move(outcome) : ResponseOf(outcome.error());
  }

 private:
  Services& services_;
  const Call call_;
};

std::unexpected<Refusal> CrossSite(Services& services) {
  services.metrics.cross_site_refused.Add();
  return Refuse(403, "cross_site",
                "the request comes from a page of another site; use this server's own pages");
}

}  // namespace

void AddCall(http::Router& router, http::Method method, std::string_view path, Services& services,
             Call call) {
  router.Add(method, "/accounts/v1/" + std::string(path), std::make_shared<CallHandler>(services, call));
}

Task<Outcome<Live>> Identify(Services& services, const http::Request& request) {
  const auto token = SessionCookieOf(request);
  if (!token) co_return Refuse(401, "unauthenticated", "you are not logged in; log in");
  if (!http::IsSafe(request.method) &&
      http::PageOriginOf(request, services.own_origins) != http::PageOrigin::kOwn) {
    co_return CrossSite(services);
  }
  auto live = co_await services.sessions.Find(std::string(*token));
  if (!live) co_return std::unexpected(RefusalOf(live.error()));
  if (!*live) co_return Refuse(401, "unauthenticated", "you are not logged in any more; log in");
  co_return *std::move(live);
}

Task<Outcome<Live>> IdentifyManager(Services& services, const http::Request& request) {
  TM_CO_TRY_ASSIGN(Live live, co_await Identify(services, request));
  if (!MayManage(live->user.role)) co_return Refuse(403, "forbidden", "your role does not allow this");
  co_return live;
}

Outcome<> RefuseCrossSite(Services& services, const http::Request& request) {
  const http::PageOrigin origin = http::PageOriginOf(request, services.own_origins);
  if (origin == http::PageOrigin::kOwn) return {};
  if (origin == http::PageOrigin::kUnknown && !HasSessionCookie(request)) return {};
  return CrossSite(services);
}

std::string IdOf(const http::Request& request) {
  std::string id = request.PathParameter("id").value_or("");
  return MayBeId(id) ? id : "";
}

Browser BrowserOf(const http::Request& request) {
  const auto token = SessionCookieOf(request);
  const std::string_view agent = CutUtf8(request.Header("user-agent").value_or(""), kAgentBytesMax);
  return {.address = request.peer.ToString(),
          .throttle_key = std::string(ThrottleKeyOf(request.peer)),
          .agent = IsUtf8(agent) ? std::string(agent) : "",
          .session_hash = token ? HashOfToken(*token) : ""};
}

Actor ActorOf(const LiveSession& live, const http::Request& request) {
  return {.user = live.user.id, .address = request.peer.ToString()};
}

bool IsSecure(const Services& services, const http::Request& request) {
  return request.over_tls || services.settings.public_url.starts_with("https://");
}

std::string LinkOf(const Services& services, const http::Request& request, std::string_view page,
                   std::string_view token) {
  if (!services.settings.public_url.empty()) return PageLink(services.settings.public_url, page, token);
  const std::string_view host = request.Header("host").value_or("");
  const std::string base = http::IsAuthority(host)
                               ? (request.over_tls ? "https://" : "http://") + std::string(host)
                               : std::string();
  return PageLink(base, page, token);
}

}  // namespace tidemill::accounts
