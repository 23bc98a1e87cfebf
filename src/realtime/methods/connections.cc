#include "realtime/methods/connections.h"

#include <utility>

#include "api/params.h"
#include "realtime/methods/target.h"

namespace tidemill::methods {
namespace {

constexpr std::string_view kDisconnectSchema = R"json({
  "allOf": [
    {"$ref": "#/components/schemas/Target"},
    {
      "type": "object",
      "properties": {
        "whitelist": {
          "type": "array",
          "items": {"type": "string"},
          "description": "Client ids that stay."
        },
        "disconnect": {
          "type": "object",
          "properties": {
            "code": {"type": "integer", "minimum": 3000, "maximum": 4999, "default": 3503},
            "reason": {"type": "string", "maxLength": 123, "default": "force disconnect"}
          }
        }
      }
    }
  ]
})json";

constexpr std::string_view kRefreshSchema = R"json({
  "allOf": [
    {"$ref": "#/components/schemas/Target"},
    {
      "type": "object",
      "properties": {
        "expired": {"type": "boolean", "description": "Close them as expired."},
        "expire_at": {
          "type": "integer",
          "format": "int64",
          "minimum": 0,
          "description": "Seconds since the Unix epoch; 0: they do not expire any more."
        },
        "info": {"description": "New conn_info."}
      }
    }
  ]
})json";

constexpr std::string_view kDisconnectFields[] = {"whitelist", "disconnect", "disconnect.code",
                                                  "disconnect.reason"};
constexpr std::string_view kRefreshFields[] = {"expired", "expire_at", "info"};

struct DisconnectParams {
  TargetParams target;
  control::Disconnect disconnect;  // code 0, reason "": the default's
};

struct RefreshParams {
  TargetParams target;
  control::Refresh refresh;
};

void ReadCodeAndReason(JsonReader& json, DisconnectParams& params) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "code") {
      api::ReadParam(json, params.disconnect.code);
    } else if (*key == "reason") {
      api::ReadParam(json, params.disconnect.reason);
    } else {
      NoteUnknown(*key, params.target, "disconnect.");
    }
  }
}

void Read(JsonReader& json, DisconnectParams& params) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (ReadTarget(json, *key, params.target)) continue;
    if (*key == "whitelist") {
      api::ReadParam(json, params.target.target.except_clients);
    } else if (*key == "disconnect") {
      if (!json.SkipNull()) ReadCodeAndReason(json, params);
    } else {
      NoteUnknown(*key, params.target);
    }
  }
}

void Read(JsonReader& json, RefreshParams& params) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (ReadTarget(json, *key, params.target)) continue;
    if (*key == "expired") {
      api::ReadParam(json, params.refresh.expired);
    } else if (*key == "expire_at") {
      api::ReadParam(json, params.refresh.expire_at);
    } else if (*key == "info") {
      if (!json.SkipNull()) params.refresh.info = std::string(json.ReadRaw());
    } else {
      NoteUnknown(*key, params.target);
    }
  }
}

Task<api::Outcome> Disconnect(Services& services, DisconnectParams params) {
  TM_CO_TRY_ASSIGN(control::Target target, Checked(std::move(params.target), kDisconnectFields));
  control::Disconnect& disconnect = params.disconnect;
  if (disconnect.code == 0) disconnect.code = protocol::kDisconnectForceNoReconnect.code;
  if (disconnect.reason.empty()) disconnect.reason = protocol::kDefaultDisconnectReason;
  if (!control::IsDisconnectCode(disconnect.code) ||
      disconnect.reason.size() > control::kDisconnectReasonBytesMax) {
    co_return std::unexpected(protocol::kErrorBadRequest);
  }
  co_return co_await Apply(services.directory, "disconnect", std::move(target), std::move(disconnect));
}

Task<api::Outcome> Refresh(Services& services, RefreshParams params) {
  TM_CO_TRY_ASSIGN(control::Target target, Checked(std::move(params.target), kRefreshFields));
  co_return co_await Apply(services.directory, "refresh", std::move(target), std::move(params.refresh));
}

}  // namespace

std::vector<api::Method> ConnectionMethods(Services& services) {
  return {
      api::MakeMethod("disconnect", api::Effect::kChangesState, services, Disconnect,
                      {.summary = "Close a user's connections.",
                       .details = kTargetDetails,
                       .params = kDisconnectSchema,
                       .schemas = {kTargetSchema}}),
      api::MakeMethod("refresh", api::Effect::kChangesState, services, Refresh,
                      {.summary = "Prolong or end a user's connections.",
                       .details = kTargetDetails,
                       .params = kRefreshSchema,
                       .schemas = {kTargetSchema}}),
  };
}

}  // namespace tidemill::methods
