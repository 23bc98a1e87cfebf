#include "realtime/methods/user_status.h"

#include <algorithm>
#include <string>
#include <utility>

#include "api/params.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "net/loop.h"

namespace tidemill::methods {
namespace {

constexpr std::size_t kUsersMax = 1000;
constexpr std::size_t kUserBytesMax = 1024;

constexpr std::string_view kUsersSchema = R"json({
  "type": "object",
  "properties": {
    "users": {
      "type": "array",
      "items": {"type": "string", "minLength": 1, "maxLength": 1024},
      "minItems": 1,
      "maxItems": 1000
    }
  },
  "required": ["users"]
})json";

constexpr std::string_view kStatusesSchema = R"json({
  "type": "object",
  "properties": {
    "statuses": {
      "type": "array",
      "description": "Of each user, in the order of the request.",
      "items": {
        "type": "object",
        "properties": {
          "user": {"type": "string"},
          "active": {
            "type": "integer",
            "format": "int64",
            "description": "When it was last active, in seconds since the Unix epoch; absent: not known."
          },
          "online": {
            "type": "integer",
            "format": "int64",
            "description": "When it was last connected; absent: not known."
          }
        },
        "required": ["user"]
      }
    }
  },
  "required": ["statuses"]
})json";

constexpr std::string_view kDetails =
    "Kept in Redis where Redis is the broker, else until the server ends. Code 108: user_status.enabled is "
    "false.";

struct UsersParams {
  std::vector<std::string> users;
};
// One type for each method.
struct UpdateParams : UsersParams {};
struct GetParams : UsersParams {};
struct DeleteParams : UsersParams {};

void Read(JsonReader& json, UsersParams& params) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "users") api::ReadParam(json, params.users);
  }
}

std::expected<void, api::Failure> Check(const Services& services, const UsersParams& params) {
  if (!services.user_status) {
    return std::unexpected(api::Failure(protocol::kErrorNotAvailable, "user_status.enabled is false"));
  }
  const auto bad = [](std::string why) {
    return std::unexpected(api::Failure(protocol::kErrorBadRequest, std::move(why)));
  };
  if (params.users.empty()) return bad("no users");
  if (params.users.size() > kUsersMax) return bad("over 1000 users: ask in parts");
  for (const std::string& user : params.users) {
    if (user.empty()) return bad("a user without an id: the anonymous user has no status");
    if (user.size() > kUserBytesMax) return bad("a user is over 1024 bytes");
  }
  return {};
}

std::unexpected<api::Failure> Failed(std::string_view method, const Error& error) {
  log::Warn("api.user_status_failed", {{"method", method}, {"why", error.detail}});
  return std::unexpected(api::Failure(protocol::kErrorInternal));
}

Task<api::Outcome> Update(Services& services, UpdateParams params) {
  TM_CO_TRY(Check(services, params));
  const WallTime now = net::Loop::Current()->clock().WallNow();
  const auto done = co_await services.user_status->Note(std::move(params.users), status::Sign::kActive, now);
  if (!done) co_return Failed("update_user_status", done.error());
  co_return "{}";
}

Task<api::Outcome> Get(Services& services, GetParams params) {
  TM_CO_TRY(Check(services, params));
  const auto statuses = co_await services.user_status->Get(std::move(params.users));
  if (!statuses) co_return Failed("get_user_status", statuses.error());
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Key("statuses");
  json.BeginArray();
  for (const status::UserStatus& status : *statuses) {
    json.BeginObject();
    json.Member("user", status.user);
    if (status.active != 0) json.Member("active", status.active);
    if (status.online != 0) json.Member("online", status.online);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  co_return out;
}

Task<api::Outcome> Delete(Services& services, DeleteParams params) {
  TM_CO_TRY(Check(services, params));
  const auto done = co_await services.user_status->Delete(std::move(params.users));
  if (!done) co_return Failed("delete_user_status", done.error());
  co_return "{}";
}

}  // namespace

std::vector<api::Method> UserStatusMethods(Services& services) {
  constexpr api::Effect kChanges = api::Effect::kChangesState;
  return {
      api::MakeMethod(
          "update_user_status", kChanges, services, Update,
          {.summary = "Note that users are active now.", .details = kDetails, .params = kUsersSchema}),
      api::MakeMethod("get_user_status", api::Effect::kReads, services, Get,
                      {.summary = "When users were last active and online.",
                       .details = kDetails,
                       .params = kUsersSchema,
                       .result = kStatusesSchema}),
      api::MakeMethod("delete_user_status", kChanges, services, Delete,
                      {.summary = "Forget when users were active and online.",
                       .details = kDetails,
                       .params = kUsersSchema}),
  };
}

}  // namespace tidemill::methods
