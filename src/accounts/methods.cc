#include "accounts/methods.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "accounts/answers.h"
#include "accounts/links.h"
#include "accounts/names.h"
#include "accounts/secret_token.h"
#include "accounts/sign_in.h"
#include "api/params.h"
#include "base/ascii.h"

namespace tidemill::accounts {
namespace {

constexpr std::int64_t kPageMax = 100;
constexpr std::size_t kFilterBytesMax = 100;
constexpr Duration kOwnerLinkTtl = Hours(24);
const Actor kActor{.user = {}, .address = {}, .is_operator = true};

constexpr std::string_view kUsersParams = R"json({
  "type": "object",
  "properties": {
    "query": {
      "type": "string",
      "maxLength": 100,
      "description": "What the user name, the name or the address of mail contains."
    },
    "cursor": {"type": "string", "description": "Of the page before."},
    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}
  }
})json";
constexpr std::string_view kUserResult = R"json({
  "type": "object",
  "properties": {
    "user": {
      "type": "object",
      "properties": {
        "id": {"type": "string"}, "username": {"type": "string"}, "name": {"type": "string"},
        "email": {"type": "string"},
        "role": {"type": "string", "enum": ["owner", "admin", "member", "guest"]},
        "disabled": {"type": "boolean"}, "created_at": {"type": "integer", "format": "int64"},
        "console": {
          "type": "string", "enum": ["", "viewer", "operator", "admin"],
          "description": "What the user may do in the console; of an owner always admin."
        }
      }
    }
  },
  "required": ["user"]
})json";
constexpr std::string_view kUsersResult = R"json({
  "type": "object",
  "properties": {
    "users": {"type": "array", "items": {"type": "object"}},
    "cursor": {"type": ["string", "null"]}
  },
  "required": ["users", "cursor"]
})json";
constexpr std::string_view kChangeParams = R"json({
  "type": "object",
  "properties": {
    "username": {"type": "string"},
    "role": {"type": "string", "enum": ["owner", "admin", "member", "guest"]},
    "disabled": {"type": "boolean", "description": "Ends all sessions and connections of the user."},
    "console": {"type": "string", "enum": ["", "viewer", "operator", "admin"]}
  },
  "required": ["username"]
})json";
constexpr std::string_view kAuditParams = R"json({
  "type": "object",
  "properties": {
    "actor": {"type": "string", "description": "A user name; \"operator\": a key of this API."},
    "action": {"type": "string", "maxLength": 100, "description": "What the action contains."},
    "target": {
      "type": "string", "maxLength": 100,
      "description": "What the target contains, or the user name that it is."
    },
    "cursor": {"type": "string", "description": "Of the page before."},
    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}
  }
})json";
constexpr std::string_view kAuditResult = R"json({
  "type": "object",
  "properties": {
    "entries": {
      "type": "array",
      "items": {
        "type": "object",
        "properties": {
          "id": {"type": "string"}, "at": {"type": "integer", "format": "int64"},
          "actor": {"type": "string"}, "actor_name": {"type": "string"},
          "action": {"type": "string", "description": "Of a call of this API \"api.\" and its method."},
          "target": {"type": "string"}, "target_name": {"type": "string"},
          "address": {"type": "string"}, "detail": {"type": "string"},
          "result": {
            "type": "string",
            "description": "Of a call of this API: \"done\", or the error; \"\": it is not known."
          }
        }
      }
    },
    "cursor": {"type": ["string", "null"]}
  },
  "required": ["entries", "cursor"]
})json";
constexpr std::string_view kResetParams =
    R"json({"type": "object", "properties": {"username": {"type": "string"}}, "required": ["username"]})json";
constexpr std::string_view kNoParams = R"json({"type": "object"})json";
constexpr std::string_view kUrlResult =
    R"json({"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]})json";

struct Fields {
  std::span<const std::string_view> known;
  std::string username;
  std::string query;
  std::string cursor;
  std::string role;
  std::optional<bool> disabled;
  std::optional<std::string> console;
  std::string actor;
  std::string action;
  std::string target;
  std::int64_t limit = 50;
  std::optional<std::string> unknown;  // the first
};
// One type for each method: they know other fields.
struct UsersParams : Fields {};
struct ChangeParams : Fields {};
struct ResetParams : Fields {};
struct OwnerLinkParams : Fields {};
struct AuditParams : Fields {};

constexpr std::string_view kUsersFields[] = {"query", "cursor", "limit"};
constexpr std::string_view kChangeFields[] = {"username", "role", "disabled", "console"};
constexpr std::string_view kResetFields[] = {"username"};
constexpr std::string_view kAuditFields[] = {"actor", "action", "target", "cursor", "limit"};

// null: there is no such text among them.
std::string* TextNamed(std::string_view name, Fields& fields) {
  if (name == "username") return &fields.username;
  if (name == "query") return &fields.query;
  if (name == "cursor") return &fields.cursor;
  if (name == "role") return &fields.role;
  if (name == "actor") return &fields.actor;
  if (name == "action") return &fields.action;
  if (name == "target") return &fields.target;
  return nullptr;
}

void ReadFields(JsonReader& json, std::span<const std::string_view> known, Fields& fields) {
  fields.known = known;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (std::ranges::find(known, *key) == known.end()) {
      if (!fields.unknown) fields.unknown = std::string(*key);
    } else if (std::string* const text = TextNamed(*key, fields)) {
      api::ReadParam(json, *text);
    } else if (*key == "limit") {
      api::ReadParam(json, fields.limit);
    } else if (json.SkipNull()) {
      continue;
    } else if (*key == "console") {
      fields.console = json.ReadString();
    } else {
      fields.disabled = json.ReadBool();
    }
  }
}

void Read(JsonReader& json, UsersParams& params) { ReadFields(json, kUsersFields, params); }
void Read(JsonReader& json, ChangeParams& params) { ReadFields(json, kChangeFields, params); }
void Read(JsonReader& json, ResetParams& params) { ReadFields(json, kResetFields, params); }
void Read(JsonReader& json, OwnerLinkParams& params) { ReadFields(json, {}, params); }
void Read(JsonReader& json, AuditParams& params) { ReadFields(json, kAuditFields, params); }

std::unexpected<api::Failure> Bad(std::string why) {
  return std::unexpected(api::Failure(protocol::kErrorBadRequest, std::move(why)));
}

api::Failure FailureOf(const Error& error) {
  switch (error.code) {
    case Errc::kNotFound: return {api::kErrorNotFound, error.detail};
    case Errc::kRefused:
    case Errc::kPermissionDenied: return {protocol::kErrorBadRequest, error.detail};
    case Errc::kUnavailable:
    case Errc::kTimeout:
    case Errc::kLimitExceeded: return {api::kErrorUnavailable, error.detail};
    default: return {protocol::kErrorInternal, ""};
  }
}

std::expected<void, api::Failure> CheckKnown(const Fields& fields) {
  if (fields.unknown) return std::unexpected(api::UnknownField(*fields.unknown, fields.known));
  return {};
}

Task<std::expected<User, api::Failure>> FindUser(Services& services, const Fields& fields) {
  TM_CO_TRY(CheckKnown(fields));
  if (fields.username.empty()) co_return Bad("no username");
  const std::string username = NormalisedUsername(fields.username);
  if (WhyNotUsername(username)) {
    co_return std::unexpected(api::Failure(api::kErrorNotFound, "there is no such user"));
  }
  const auto found = co_await services.store.FindLogin(username);
  if (!found) co_return std::unexpected(FailureOf(found.error()));
  if (!*found) co_return std::unexpected(api::Failure(api::kErrorNotFound, "there is no such user"));
  co_return (*found)->user;
}

std::string UrlJson(std::string_view url) {
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Member("url", url);
  json.EndObject();
  return result;
}

Task<api::Outcome> Users(Services& services, UsersParams params) {
  TM_CO_TRY(CheckKnown(params));
  if (params.limit < 1 || params.limit > kPageMax) co_return Bad("limit: 1 to 100");
  if (params.query.contains('\0')) co_return Bad("query: a text without NUL");
  if (!params.cursor.empty() && WhyNotUsername(params.cursor))
    co_return Bad("cursor: no page has given this");
  const auto page = co_await services.store.ListUsers(ToLower(params.query), params.cursor, params.limit);
  if (!page) co_return std::unexpected(FailureOf(page.error()));
  co_return UsersResponse(*page).body;
}

Task<api::Outcome> Change(Services& services, ChangeParams params) {
  TM_CO_TRY_ASSIGN(const User user, co_await FindUser(services, params));
  UserChange change{.role = ParseRole(params.role), .disabled = params.disabled, .console = params.console};
  if (!params.role.empty() && !change.role) co_return Bad("role: owner, admin, member or guest");
  if (params.console && !params.console->empty() && !api::ParseRole(*params.console)) {
    co_return Bad("console: viewer, operator, admin or \"\"");
  }
  auto changed = co_await services.store.ChangeUser(kActor, user.id, std::move(change));
  if (!changed) co_return std::unexpected(FailureOf(changed.error()));
  co_await Announce(services, user.id, std::move(changed->ended));
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Key("user");
  WriteUser(changed->user, json);
  json.EndObject();
  co_return result;
}

Task<api::Outcome> Reset(Services& services, ResetParams params) {
  TM_CO_TRY_ASSIGN(const User user, co_await FindUser(services, params));
  const std::string token = MakeSecretToken();
  const auto done = co_await services.store.AddResetLink(kActor, user.id, HashOfToken(token),
                                                         services.settings.reset_link_ttl);
  if (!done) co_return std::unexpected(FailureOf(done.error()));
  co_return UrlJson(PageLink(services.base_url, "reset", token));
}

Task<api::Outcome> OwnerLink(Services& services, OwnerLinkParams params) {
  TM_CO_TRY(CheckKnown(params));
  const auto has_owner = co_await services.store.HasOwner();
  if (!has_owner) co_return std::unexpected(FailureOf(has_owner.error()));
  if (*has_owner) co_return Bad("there is an owner: reset that account's password instead");
  const std::string token = MakeSecretToken();
  const auto done = co_await services.store.AddOwnerLink(HashOfToken(token), kOwnerLinkTtl);
  if (!done) co_return std::unexpected(FailureOf(done.error()));
  co_return UrlJson(PageLink(services.base_url, "setup", token));
}

Task<api::Outcome> Audit(Services& services, AuditParams params) {
  TM_CO_TRY(CheckKnown(params));
  if (params.limit < 1 || params.limit > kPageMax) co_return Bad("limit: 1 to 100");
  for (const std::string* text : {&params.actor, &params.action, &params.target}) {
    if (text->size() > kFilterBytesMax || text->contains('\0')) {
      co_return Bad("actor, action and target: texts of at most 100 bytes");
    }
  }
  std::int64_t before = 0;
  const char* const end = params.cursor.data() + params.cursor.size();
  const auto read = std::from_chars(params.cursor.data(), end, before);
  if (!params.cursor.empty() && (read.ec != std::errc() || read.ptr != end || before < 1)) {
    co_return Bad("cursor: no page has given this");
  }
  const auto page = co_await services.store.ListAudit(
      {.actor = params.actor, .action = params.action, .target = params.target}, before, params.limit);
  if (!page) co_return std::unexpected(FailureOf(page.error()));
  co_return AuditResponse(*page).body;
}

}  // namespace

std::vector<api::Method> AccountsMethods(Services& services) {
  constexpr api::Effect kChanges = api::Effect::kChangesState;
  return {
      api::MakeMethod(
          "accounts_users", api::Effect::kReads, services, Users,
          {.summary = "People who have an account", .params = kUsersParams, .result = kUsersResult}),
      api::MakeMethod(
          "accounts_audit", api::Effect::kReads, services, Audit,
          {.summary = "The audit log, the newest first",
           .details = "A page of a filter looks at 10,000 entries: it may have none, and a cursor "
                      "to go on from.",
           .params = kAuditParams,
           .result = kAuditResult}),
      api::MakeMethod(
          "accounts_change", kChanges, services, Change,
          {.summary = "Gives an account another role, here or in the console, disables it or enables it",
           .params = kChangeParams,
           .result = kUserResult}),
      api::MakeMethod("accounts_reset", kChanges, services, Reset,
                      {.summary = "A link with which somebody chooses a new password, once",
                       .params = kResetParams,
                       .result = kUrlResult}),
      api::MakeMethod("accounts_owner_link", kChanges, services, OwnerLink,
                      {.summary = "A link that makes the first owner, while there is none",
                       .params = kNoParams,
                       .result = kUrlResult}),
  };
}

}  // namespace tidemill::accounts
