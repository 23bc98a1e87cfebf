#include "realtime/methods/subscriptions.h"

#include <string>
#include <utility>

#include "api/params.h"
#include "realtime/methods/payload.h"
#include "realtime/methods/position.h"
#include "realtime/methods/target.h"

namespace tidemill::methods {
namespace {

constexpr api::Schema kBoolValueSchema{"BoolValue",
                                       R"({"type":"object","properties":{"value":{"type":"boolean"}}})"};

constexpr std::string_view kSubscribeSchema = R"json({
  "allOf": [
    {"$ref": "#/components/schemas/Target"},
    {
      "type": "object",
      "properties": {
        "channel": {"type": "string"},
        "info": {"description": "chan_info of the presence entry."},
        "b64info": {"type": "string"},
        "data": {"description": "Sent with the subscribe push."},
        "b64data": {"type": "string"},
        "expire_at": {
          "type": "integer",
          "format": "int64",
          "minimum": 0,
          "description": "Seconds since the Unix epoch; 0: never."
        },
        "recover_since": {"$ref": "#/components/schemas/Position"},
        "override": {
          "type": "object",
          "description": "Options of the namespace, overridden for this subscription.",
          "properties": {
            "presence": {"$ref": "#/components/schemas/BoolValue"},
            "join_leave": {"$ref": "#/components/schemas/BoolValue"},
            "force_recovery": {"$ref": "#/components/schemas/BoolValue"},
            "force_positioning": {"$ref": "#/components/schemas/BoolValue"},
            "force_push_join_leave": {"$ref": "#/components/schemas/BoolValue"}
          }
        }
      },
      "required": ["channel"]
    }
  ]
})json";

constexpr std::string_view kUnsubscribeSchema = R"json({
  "allOf": [
    {"$ref": "#/components/schemas/Target"},
    {"type": "object", "properties": {"channel": {"type": "string", "description": "Empty: all channels."}}}
  ]
})json";

constexpr std::string_view kSubscribeFields[] = {"channel", "info",      "b64info",       "data",
                                                 "b64data", "expire_at", "recover_since", "override"};
constexpr std::string_view kUnsubscribeFields[] = {"channel"};

struct SubscribeParams {
  TargetParams target;
  control::Subscribe subscribe;  // without the payloads
  Payload info;
  Payload data;
};

struct UnsubscribeParams {
  TargetParams target;
  control::Unsubscribe unsubscribe;
};

void ReadOverrides(JsonReader& json, auth::OptionOverrides& overrides) {
  overrides = auth::ReadOptionOverrides(json);
}

// Whether it was one of what subscribe does, not to whom.
bool ReadTerms(JsonReader& json, std::string_view key, SubscribeParams& params) {
  control::Subscribe& subscribe = params.subscribe;
  if (key == "channel") return api::ReadParam(json, subscribe.channel), true;
  if (key == "info") return json.SkipNull() || (ReadJsonPayload(json, params.info), true);
  if (key == "b64info") return ReadBase64Payload(json, params.info), true;
  if (key == "data") return json.SkipNull() || (ReadJsonPayload(json, params.data), true);
  if (key == "b64data") return ReadBase64Payload(json, params.data), true;
  if (key == "expire_at") return api::ReadParam(json, subscribe.expire_at), true;
  if (key == "recover_since") return api::ReadParam(json, subscribe.recover_since, ReadPosition), true;
  if (key == "override") return api::ReadParam(json, subscribe.overrides, ReadOverrides), true;
  return false;
}

void Read(JsonReader& json, SubscribeParams& params) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (ReadTarget(json, *key, params.target) || ReadTerms(json, *key, params)) continue;
    NoteUnknown(*key, params.target);
  }
}

void Read(JsonReader& json, UnsubscribeParams& params) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (ReadTarget(json, *key, params.target)) continue;
    if (*key == "channel") {
      api::ReadParam(json, params.unsubscribe.channel);
    } else {
      NoteUnknown(*key, params.target);
    }
  }
}

Task<api::Outcome> Subscribe(Services& services, SubscribeParams params) {
  TM_CO_TRY_ASSIGN(control::Target target, Checked(std::move(params.target), kSubscribeFields));
  control::Subscribe& subscribe = params.subscribe;
  const auto found = services.publisher.rules().Find(subscribe.channel);
  if (!found) co_return std::unexpected(found.error());
  if (params.info.encoding == Payload::Encoding::kMalformed ||
      params.data.encoding == Payload::Encoding::kMalformed) {
    co_return std::unexpected(protocol::kErrorBadRequest);
  }
  subscribe.info = std::move(params.info.bytes);
  subscribe.data = std::move(params.data.bytes);
  co_return co_await Apply(services.directory, "subscribe", std::move(target), std::move(subscribe));
}

Task<api::Outcome> Unsubscribe(Services& services, UnsubscribeParams params) {
  TM_CO_TRY_ASSIGN(control::Target target, Checked(std::move(params.target), kUnsubscribeFields));
  control::Unsubscribe& unsubscribe = params.unsubscribe;
  if (!unsubscribe.channel.empty()) {
    const auto found = services.publisher.rules().Find(unsubscribe.channel);
    if (!found) co_return std::unexpected(found.error());
  }
  co_return co_await Apply(services.directory, "unsubscribe", std::move(target), std::move(unsubscribe));
}

}  // namespace

std::vector<api::Method> SubscriptionMethods(Services& services) {
  return {
      api::MakeMethod("subscribe", api::Effect::kChangesState, services, Subscribe,
                      {.summary = "Subscribe a user's connections to a channel.",
                       .details = kTargetDetails,
                       .params = kSubscribeSchema,
                       .schemas = {kTargetSchema, kPositionSchema, kBoolValueSchema}}),
      api::MakeMethod("unsubscribe", api::Effect::kChangesState, services, Unsubscribe,
                      {.summary = "Unsubscribe a user's connections from a channel.",
                       .details = kTargetDetails,
                       .params = kUnsubscribeSchema,
                       .schemas = {kTargetSchema}}),
  };
}

}  // namespace tidemill::methods
