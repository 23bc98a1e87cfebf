#include "accounts/own_routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "accounts/answers.h"
#include "accounts/call.h"
#include "accounts/cookie.h"
#include "accounts/input.h"
#include "accounts/names.h"
#include "accounts/session_authenticator.h"
#include "accounts/token_ttl.h"
#include "auth/token.h"
#include "net/run_to_end.h"

namespace tidemill::accounts {
namespace {

using Answer = Task<Outcome<http::Response>>;

Answer Me(Services& services, const http::Request& request) {
  TM_CO_TRY_ASSIGN(const Live live, co_await Identify(services, request));
  co_return MeResponse(*live);
}

Task<Outcome<User>> ChangeOwn(Services& services, Actor actor, std::optional<std::string> name,
                              std::optional<std::string> email) {
  auto changed = co_await services.store.ChangeOwn(actor, std::move(name), std::move(email));
  if (!changed) co_return std::unexpected(RefusalOf(changed.error()));
  co_await Announce(services, changed->id, {});
  co_return *std::move(changed);
}

Answer ChangeMe(Services& services, const http::Request& request) {
  TM_CO_TRY_ASSIGN(const Live live, co_await Identify(services, request));
  TM_CO_TRY_ASSIGN(const Input input, Input::Read(request.body, {"name", "email"}));
  TM_CO_TRY_ASSIGN(std::optional<std::string> name, input.OptionalText("name"));
  TM_CO_TRY_ASSIGN(std::optional<std::string> email, input.OptionalText("email"));
  if (name) name = NormalisedName(*name);
  if (email) email = NormalisedName(*email);
  if (auto why = name ? WhyNotName(*name) : std::nullopt) co_return RefuseField("name", *std::move(why));
  if (auto why = email ? WhyNotEmail(*email) : std::nullopt) co_return RefuseField("email", *std::move(why));
  LiveSession changed = *live;
  TM_CO_TRY_ASSIGN(changed.user,
                   co_await RunToEnd(services.scope, ChangeOwn(services, ActorOf(*live, request),
                                                               std::move(name), std::move(email))));
  co_return MeResponse(changed);
}

http::Response Goodbye(const Services& services, const http::Request& request) {
  http::Response response = NoContent();
  response.headers.emplace_back("Set-Cookie", NoSessionCookie(IsSecure(services, request)));
  return response;
}

Task<Outcome<>> EndOne(Services& services, Actor actor, std::string session) {
  auto changed = co_await services.store.EndSession(actor, std::move(session));
  if (!changed) co_return std::unexpected(RefusalOf(changed.error()));
  co_await Announce(services, actor.user, std::move(changed->ended));
  co_return {};
}

Task<Outcome<>> EndAll(Services& services, Actor actor) {
  auto changed = co_await services.store.EndSessions(actor);
  if (!changed) co_return std::unexpected(RefusalOf(changed.error()));
  co_await Announce(services, actor.user, std::move(changed->ended));
  co_return {};
}

Answer LogOut(Services& services, const http::Request& request) {
  TM_CO_TRY_ASSIGN(const Live live, co_await Identify(services, request));
  TM_CO_TRY(co_await RunToEnd(services.scope, EndOne(services, ActorOf(*live, request), live->session.id)));
  co_return Goodbye(services, request);
}

Answer LogOutEverywhere(Services& services, const http::Request& request) {
  TM_CO_TRY_ASSIGN(const Live live, co_await Identify(services, request));
  TM_CO_TRY(co_await RunToEnd(services.scope, EndAll(services, ActorOf(*live, request))));
  co_return Goodbye(services, request);
}

Answer ListSessions(Services& services, const http::Request& request) {
  TM_CO_TRY_ASSIGN(const Live live, co_await Identify(services, request));
  const auto found = co_await services.store.ListSessions(live->user.id, services.settings.session_idle_ttl);
  if (!found) co_return std::unexpected(RefusalOf(found.error()));
  co_return SessionsResponse(*found, live->session.id);
}

Answer EndSession(Services& services, const http::Request& request) {
  TM_CO_TRY_ASSIGN(const Live live, co_await Identify(services, request));
  std::string id = IdOf(request);
  const bool is_own = id == live->session.id;
  TM_CO_TRY(co_await RunToEnd(services.scope, EndOne(services, ActorOf(*live, request), std::move(id))));
  co_return is_own ? Goodbye(services, request) : NoContent();
}

Answer Password(Services& services, const http::Request& request) {
  TM_CO_TRY_ASSIGN(const Live live, co_await Identify(services, request));
  TM_CO_TRY_ASSIGN(const Input input, Input::Read(request.body, {"old", "new"}));
  PasswordChange change;
  TM_CO_TRY_ASSIGN(change.old_password, input.Text("old"));
  TM_CO_TRY_ASSIGN(change.new_password, input.Text("new"));
  TM_CO_TRY(co_await RunToEnd(services.scope,
                              ChangePassword(services, BrowserOf(request), *live, std::move(change))));
  co_return NoContent();
}

// For the realtime connection; it names the session, so that it ends with that.
Answer Token(Services& services, const http::Request& request) {
  TM_CO_TRY_ASSIGN(const Live live, co_await Identify(services, request));
  const auto key = services.own_key.Get();
  if (!key) co_return Refuse(503, "unavailable", "the server is starting; try again in a moment");
  const std::int64_t now_s = services.loop.clock().WallNow().ms / 1000;
  const std::int64_t end_s = std::min(now_s + kTokenTtl.ms / 1000, live->session.expires_at / 1000);
  const std::string times = fmt::format(R"(,"iat":{},"exp":{},"jti":"{}")", now_s, end_s,
                                        TokenIdOf(live->session.id, live->user.generation));
  std::string body;
  JsonWriter json(body);
  json.BeginObject();
  json.Member("token", auth::SignHs256(ClaimsOf(live->user, times), *key, auth::kOwnKeyId));
  json.Member("expires_at", end_s * 1000);
  json.EndObject();
  co_return Ok(std::move(body));
}

}  // namespace

void AddOwnRoutes(http::Router& router, Services& services) {
  AddCall(router, http::Method::kGet, "me", services, Me);
  AddCall(router, http::Method::kPatch, "me", services, ChangeMe);
  AddCall(router, http::Method::kPost, "logout", services, LogOut);
  AddCall(router, http::Method::kPost, "logout_everywhere", services, LogOutEverywhere);
  AddCall(router, http::Method::kGet, "sessions", services, ListSessions);
  AddCall(router, http::Method::kDelete, "sessions/{id}", services, EndSession);
  AddCall(router, http::Method::kPost, "password", services, Password);
  AddCall(router, http::Method::kPost, "token", services, Token);
}

}  // namespace tidemill::accounts
