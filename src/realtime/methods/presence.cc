#include "realtime/methods/presence.h"

#include <string>
#include <utility>

#include "realtime/methods/channel_params.h"
#include "realtime/methods/client_info.h"
#include "realtime/methods/slices.h"
#include "realtime/protocol/reply_bytes.h"

namespace tidemill::methods {
namespace {

constexpr std::string_view kPresenceResultSchema = R"json({
  "type": "object",
  "properties": {
    "presence": {
      "type": "object",
      "description": "By client id.",
      "additionalProperties": {"$ref": "#/components/schemas/ClientInfo"}
    }
  }
})json";

constexpr std::string_view kStatsResultSchema = R"json({
  "type": "object",
  "properties": {
    "num_clients": {"type": "integer", "format": "int64", "minimum": 0},
    "num_users": {"type": "integer", "format": "int64", "minimum": 0}
  }
})json";

Task<api::Outcome> Presence(Services& services, ChannelParams params, api::AnswerBudget& budget) {
  auto entries = co_await services.publisher.Presence({.channel = std::move(params.channel)});
  if (!entries) co_return std::unexpected(entries.error());
  std::string result;
  Slices slices(result);
  // To gather them was this turn's work.
  if (entries->size() > protocol::kPresenceEntriesAtOnce) co_await slices.Next();
  const std::size_t bytes = protocol::ReplyBytes(*entries);
  if (!budget.Take(bytes)) co_return std::unexpected(api::kErrorAnswerTooLarge);
  result.reserve(bytes);
  JsonWriter json(result);
  json.BeginObject();
  json.Key("presence");
  json.BeginObject();
  for (protocol::ClientInfoPtr& info : *entries) {
    json.DynamicKey(info->client);
    WriteClientInfo(*info, json);
    info.reset();
    if (slices.IsOver()) co_await slices.Next();
  }
  json.EndObject();
  json.EndObject();
  co_return result;
}

Task<api::Outcome> PresenceStats(Services& services, ChannelParams params) {
  const auto stats = co_await services.publisher.PresenceCounts({.channel = std::move(params.channel)});
  if (!stats) co_return std::unexpected(stats.error());
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  if (stats->clients > 0) json.Member("num_clients", stats->clients);
  if (stats->users > 0) json.Member("num_users", stats->users);
  json.EndObject();
  co_return result;
}

}  // namespace

std::vector<api::Method> PresenceMethods(Services& services) {
  return {
      api::MakeMethod("presence", api::Effect::kReads, services, Presence,
                      {.summary = "Who is in a channel.",
                       .params = kChannelParamsSchema,
                       .result = kPresenceResultSchema,
                       .schemas = {kClientInfoSchema}}),
      api::MakeMethod("presence_stats", api::Effect::kReads, services, PresenceStats,
                      {.summary = "How many clients and distinct users are in a channel.",
                       .params = kChannelParamsSchema,
                       .result = kStatsResultSchema}),
  };
}

}  // namespace tidemill::methods
