#include "accounts/people_routes.h"

#include <utility>

#include "accounts/answers.h"
#include "accounts/call.h"
#include "accounts/input.h"
#include "accounts/names.h"
#include "accounts/secret_token.h"
#include "base/ascii.h"
#include "base/utf8.h"
#include "net/run_to_end.h"

namespace tidemill::accounts {
namespace {

using Answer = Task<Outcome<http::Response>>;

constexpr IntegerRange kPage = {.min = 1, .max = 100};
constexpr std::int64_t kPageUsual = 50;
constexpr IntegerRange kUses = {.min = 1, .max = 10'000};
constexpr IntegerRange kInviteSeconds = {.min = 60, .max = 90 * 24 * 3600};
constexpr std::int64_t kInviteSecondsUsual = 7 * 24 * 3600;
constexpr std::size_t kQueryBytesMax = 100;

Outcome<std::optional<Role>> ReadRole(const Input& input) {
  TM_TRY_ASSIGN(const auto text, input.OptionalText("role"));
  if (!text) return std::nullopt;
  const std::optional<Role> role = ParseRole(*text);
  if (!role) return RefuseField("role", "it must be owner, admin, member or guest");
  return role;
}

std::string WithOne(std::string_view name, const User& user) {
  std::string body;
  JsonWriter json(body);
  json.BeginObject();
  json.DynamicKey(name);
  WriteUser(user, json);
  json.EndObject();
  return body;
}

Answer ListUsers(Services& services, const http::Request& request) {
  TM_CO_TRY_ASSIGN(const Live live, co_await IdentifyManager(services, request));
  TM_CO_TRY_ASSIGN(const std::int64_t limit, QueryInteger(request, "limit", kPage, kPageUsual));
  std::string query = ToLower(request.QueryParameter("query").value_or(""));
  std::string after = request.QueryParameter("cursor").value_or("");
  if (query.size() > kQueryBytesMax || query.contains('\0') || !IsUtf8(query)) {
    co_return RefuseField("query", "it is a text of at most 100 bytes");
  }
  if (!after.empty() && WhyNotUsername(after)) co_return RefuseField("cursor", "no page has given this");
  const auto page = co_await services.store.ListUsers(std::move(query), std::move(after), limit);
  if (!page) co_return std::unexpected(RefusalOf(page.error()));
  co_return UsersResponse(*page);
}

Task<Outcome<User>> Change(Services& services, Actor actor, std::string user, UserChange change) {
  auto changed = co_await services.store.ChangeUser(std::move(actor), std::move(user), std::move(change));
  if (!changed) co_return std::unexpected(RefusalOf(changed.error()));
  co_await Announce(services, changed->user.id, std::move(changed->ended));
  co_return std::move(changed->user);
}

Answer ChangeUser(Services& services, const http::Request& request) {
  TM_CO_TRY_ASSIGN(const Live live, co_await IdentifyManager(services, request));
  TM_CO_TRY_ASSIGN(const Input input, Input::Read(request.body, {"role", "disabled", "name", "console"}));
  UserChange change;
  TM_CO_TRY_ASSIGN(change.role, ReadRole(input));
  TM_CO_TRY_ASSIGN(change.disabled, input.OptionalBool("disabled"));
  TM_CO_TRY_ASSIGN(change.name, input.OptionalText("name"));
  TM_CO_TRY_ASSIGN(change.console, input.OptionalText("console"));
  if (change.console && !change.console->empty() && !api::ParseRole(*change.console)) {
    co_return RefuseField("console", "it must be viewer, operator, admin or \"\"");
  }
  if (change.name) change.name = NormalisedName(*change.name);
  if (auto why = change.name ? WhyNotName(*change.name) : std::nullopt) {
    co_return RefuseField("name", *std::move(why));
  }
  TM_CO_TRY_ASSIGN(const User changed,
                   co_await RunToEnd(services.scope, Change(services, ActorOf(*live, request), IdOf(request),
                                                            std::move(change))));
  co_return Ok(WithOne("user", changed));
}

struct NewLink {
  std::string user;
  std::string token;
};

Task<Outcome<>> MakeResetLink(Services& services, Actor actor, NewLink link) {
  const auto done = co_await services.store.AddResetLink(
      std::move(actor), std::move(link.user), HashOfToken(link.token), services.settings.reset_link_ttl);
  if (!done) co_return std::unexpected(RefusalOf(done.error()));
  co_return {};
}

Answer Reset(Services& services, const http::Request& request) {
  TM_CO_TRY_ASSIGN(const Live live, co_await IdentifyManager(services, request));
  const std::string token = MakeSecretToken();
  NewLink link{.user = IdOf(request), .token = token};
  TM_CO_TRY(
      co_await RunToEnd(services.scope, MakeResetLink(services, ActorOf(*live, request), std::move(link))));
  std::string body;
  JsonWriter json(body);
  json.BeginObject();
  json.Member("url", LinkOf(services, request, "reset", token));
  json.Member("expires_at", (services.loop.clock().WallNow() + services.settings.reset_link_ttl).ms);
  json.EndObject();
  co_return Ok(std::move(body));
}

Outcome<NewInvite> ReadInvite(const http::Request& request) {
  TM_TRY_ASSIGN(const Input input, Input::Read(request.body, {"role", "uses", "expires_in_s", "email"}));
  NewInvite invite{.id = MakeId()};
  TM_TRY_ASSIGN(const auto role, ReadRole(input));
  invite.role = role.value_or(Role::kMember);
  TM_TRY_ASSIGN(const auto uses, input.OptionalInteger("uses", kUses));
  invite.uses = uses.value_or(1);
  TM_TRY_ASSIGN(const auto seconds, input.OptionalInteger("expires_in_s", kInviteSeconds));
  invite.ttl = Seconds(seconds.value_or(kInviteSecondsUsual));
  TM_TRY_ASSIGN(const auto email, input.OptionalText("email"));
  invite.email = NormalisedName(email.value_or(""));
  if (auto why = WhyNotEmail(invite.email)) return RefuseField("email", *std::move(why));
  return invite;
}

Task<Outcome<Invite>> MakeInvite(Services& services, Actor actor, NewInvite invite) {
  auto added = co_await services.store.AddInvite(std::move(actor), std::move(invite));
  if (!added) co_return std::unexpected(RefusalOf(added.error()));
  co_return *std::move(added);
}

Answer AddInvite(Services& services, const http::Request& request) {
  TM_CO_TRY_ASSIGN(const Live live, co_await IdentifyManager(services, request));
  if (services.settings.signup == "closed") {
    co_return Refuse(403, "closed", "accounts.signup is \"closed\": nobody can make an account here now");
  }
  TM_CO_TRY_ASSIGN(NewInvite wanted, ReadInvite(request));
  const std::string token = MakeSecretToken();
  wanted.token_hash = HashOfToken(token);
  TM_CO_TRY_ASSIGN(
      const Invite invite,
      co_await RunToEnd(services.scope, MakeInvite(services, ActorOf(*live, request), std::move(wanted))));
  std::string body;
  JsonWriter json(body);
  json.BeginObject();
  json.Key("invite");
  WriteInvite(invite, LinkOf(services, request, "join", token), json);
  json.EndObject();
  http::Response response = Ok(std::move(body));
  response.status = 201;
  co_return response;
}

Answer ListInvites(Services& services, const http::Request& request) {
  TM_CO_TRY_ASSIGN(const Live live, co_await IdentifyManager(services, request));
  const auto invites = co_await services.store.ListInvites();
  if (!invites) co_return std::unexpected(RefusalOf(invites.error()));
  co_return InvitesResponse(*invites);
}

Task<Outcome<>> EndInvite(Services& services, Actor actor, std::string invite) {
  const auto done = co_await services.store.RemoveInvite(std::move(actor), std::move(invite));
  if (!done) co_return std::unexpected(RefusalOf(done.error()));
  co_return {};
}

Answer RemoveInvite(Services& services, const http::Request& request) {
  TM_CO_TRY_ASSIGN(const Live live, co_await IdentifyManager(services, request));
  TM_CO_TRY(co_await RunToEnd(services.scope, EndInvite(services, ActorOf(*live, request), IdOf(request))));
  co_return NoContent();
}

Answer ListAudit(Services& services, const http::Request& request) {
  TM_CO_TRY_ASSIGN(const Live live, co_await IdentifyManager(services, request));
  TM_CO_TRY_ASSIGN(const std::int64_t limit, QueryInteger(request, "limit", kPage, kPageUsual));
  constexpr IntegerRange kIds = {.min = 1, .max = std::int64_t{1} << 53};
  TM_CO_TRY_ASSIGN(const std::int64_t before, QueryInteger(request, "cursor", kIds, 0));
  const auto page = co_await services.store.ListAudit({}, before, limit);
  if (!page) co_return std::unexpected(RefusalOf(page.error()));
  co_return AuditResponse(*page);
}

}  // namespace

void AddPeopleRoutes(http::Router& router, Services& services) {
  AddCall(router, http::Method::kGet, "users", services, ListUsers);
  AddCall(router, http::Method::kPatch, "users/{id}", services, ChangeUser);
  AddCall(router, http::Method::kPost, "users/{id}/reset", services, Reset);
  AddCall(router, http::Method::kPost, "invites", services, AddInvite);
  AddCall(router, http::Method::kGet, "invites", services, ListInvites);
  AddCall(router, http::Method::kDelete, "invites/{id}", services, RemoveInvite);
  AddCall(router, http::Method::kGet, "audit", services, ListAudit);
}

}  // namespace tidemill::accounts
