#include "accounts/sign_in_routes.h"

#include <utility>

#include "accounts/answers.h"
#include "accounts/call.h"
#include "accounts/cookie.h"
#include "accounts/input.h"
#include "accounts/secret_token.h"
#include "accounts/sign_in.h"
#include "net/run_to_end.h"

namespace tidemill::accounts {
namespace {

using Answer = Task<Outcome<http::Response>>;

http::Response Welcome(const Services& services, const http::Request& request, const SignedIn& in) {
  http::Response response = MeResponse(in.live);
  response.headers.emplace_back(
      "Set-Cookie", SessionCookie(in.token, services.settings.session_ttl, IsSecure(services, request)));
  return response;
}

Answer Status(Services& services, const http::Request&) {
  const auto has_owner = co_await services.store.HasOwner();
  if (!has_owner) co_return std::unexpected(RefusalOf(has_owner.error()));
  std::string body;
  JsonWriter json(body);
  json.BeginObject();
  json.Member("setup_needed", !*has_owner);
  json.Member("signup", services.settings.signup);
  json.Key("providers");
  json.BeginArray();
  json.EndArray();
  json.EndObject();
  co_return Ok(std::move(body));
}

Outcome<Registration> ReadRegistration(const http::Request& request) {
  TM_TRY_ASSIGN(const Input input, Input::Read(request.body, {"token", "username", "name", "password"}));
  Registration registration;
  TM_TRY_ASSIGN(registration.token, input.Text("token"));
  TM_TRY_ASSIGN(registration.username, input.Text("username"));
  TM_TRY_ASSIGN(const auto name, input.OptionalText("name"));
  registration.name = name.value_or("");
  TM_TRY_ASSIGN(registration.password, input.Text("password"));
  return registration;
}

Answer SetUpCall(Services& services, const http::Request& request) {
  TM_CO_TRY(RefuseCrossSite(services, request));
  TM_CO_TRY_ASSIGN(Registration registration, ReadRegistration(request));
  TM_CO_TRY_ASSIGN(const SignedIn in, co_await RunToEnd(services.scope, SetUp(services, BrowserOf(request),
                                                                              std::move(registration))));
  co_return Welcome(services, request, in);
}

Answer JoinCall(Services& services, const http::Request& request) {
  TM_CO_TRY(RefuseCrossSite(services, request));
  TM_CO_TRY_ASSIGN(Registration registration, ReadRegistration(request));
  TM_CO_TRY_ASSIGN(const SignedIn in, co_await RunToEnd(services.scope, Join(services, BrowserOf(request),
                                                                             std::move(registration))));
  co_return Welcome(services, request, in);
}

Answer LogInCall(Services& services, const http::Request& request) {
  TM_CO_TRY(RefuseCrossSite(services, request));
  TM_CO_TRY_ASSIGN(const Input input, Input::Read(request.body, {"username", "password"}));
  Credentials credentials;
  TM_CO_TRY_ASSIGN(credentials.username, input.Text("username"));
  TM_CO_TRY_ASSIGN(credentials.password, input.Text("password"));
  TM_CO_TRY_ASSIGN(const SignedIn in, co_await RunToEnd(services.scope, LogIn(services, BrowserOf(request),
                                                                              std::move(credentials))));
  co_return Welcome(services, request, in);
}

Answer ResetCall(Services& services, const http::Request& request) {
  TM_CO_TRY(RefuseCrossSite(services, request));
  TM_CO_TRY_ASSIGN(const Input input, Input::Read(request.body, {"token", "password"}));
  TM_CO_TRY_ASSIGN(std::string token, input.Text("token"));
  TM_CO_TRY_ASSIGN(std::string password, input.Text("password"));
  TM_CO_TRY(co_await RunToEnd(
      services.scope, ResetPassword(services, BrowserOf(request), std::move(token), std::move(password))));
  co_return NoContent();
}

Answer CheckInvite(Services& services, const http::Request& request) {
  const std::string token = request.QueryParameter("token").value_or("");
  const auto found = co_await services.store.FindInvite(HashOfToken(token));
  if (!found) co_return std::unexpected(RefusalOf(found.error()));
  if (!*found || services.settings.signup == "closed") {
    co_return Refuse(404, "not_found", "this invitation has been used, or its time is over", "token");
  }
  std::string body;
  JsonWriter json(body);
  json.BeginObject();
  json.Member("role", Name((*found)->role));
  json.Member("invited_by", (*found)->invited_by);
  json.EndObject();
  co_return Ok(std::move(body));
}

}  // namespace

void AddSignInRoutes(http::Router& router, Services& services) {
  AddCall(router, http::Method::kGet, "status", services, Status);
  AddCall(router, http::Method::kPost, "setup", services, SetUpCall);
  AddCall(router, http::Method::kPost, "join", services, JoinCall);
  AddCall(router, http::Method::kPost, "login", services, LogInCall);
  AddCall(router, http::Method::kPost, "reset", services, ResetCall);
  AddCall(router, http::Method::kGet, "invites/check", services, CheckInvite);
}

}  // namespace tidemill::accounts
