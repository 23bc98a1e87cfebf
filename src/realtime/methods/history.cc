#include "realtime/methods/history.h"

#include <string>
#include <utility>

#include "api/params.h"
#include "realtime/methods/channel_params.h"
#include "realtime/methods/client_info.h"
#include "realtime/methods/payload.h"
#include "realtime/methods/position.h"
#include "realtime/methods/slices.h"
#include "realtime/methods/tags.h"
#include "realtime/protocol/reply_bytes.h"

namespace tidemill::methods {
namespace {

constexpr api::Schema kPublicationSchema{"Publication", R"json({
  "type": "object",
  "properties": {
    "data": {"description": "The payload."},
    "b64data": {"type": "string", "description": "Instead of data, when it is not JSON."},
    "info": {"$ref": "#/components/schemas/ClientInfo"},
    "offset": {"type": "integer", "format": "int64", "minimum": 0},
    "tags": {"type": "object", "additionalProperties": {"type": "string"}}
  }
})json"};

constexpr std::string_view kHistorySchema = R"json({
  "type": "object",
  "properties": {
    "channel": {"type": "string"},
    "limit": {
      "type": "integer",
      "format": "int32",
      "default": 0,
      "description": "0: only the position; -1: all."
    },
    "since": {"$ref": "#/components/schemas/Position"},
    "reverse": {"type": "boolean", "description": "Newest first; with since, those before it."}
  },
  "required": ["channel"]
})json";

constexpr std::string_view kHistoryResultSchema = R"json({
  "type": "object",
  "properties": {
    "publications": {"type": "array", "items": {"$ref": "#/components/schemas/Publication"}},
    "epoch": {"type": "string"},
    "offset": {"type": "integer", "format": "int64", "minimum": 0, "description": "The top of the stream."}
  },
  "required": ["publications"]
})json";

struct HistoryParams {
  broker::HistoryCall call;
};

void Read(JsonReader& json, HistoryParams& params) {
  broker::HistoryCall& call = params.call;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "channel") api::ReadParam(json, call.channel);
    if (*key == "limit") api::ReadParam(json, call.query.limit);
    if (*key == "since") api::ReadParam(json, call.query.since, ReadPosition);
    if (*key == "reverse") api::ReadParam(json, call.query.reverse);
  }
}

// {"data":…,"info":…,"offset":…,"tags":…}
void WritePublication(const protocol::Publication& publication, JsonWriter& json) {
  json.BeginObject();
  // What is known to be JSON is not parsed again; where there may be none, it is known of none too.
  if (publication.data_is_json && !publication.data.empty()) {
    json.RawMember("data", publication.data);
  } else {
    WritePayload("data", "b64data", publication.data, json);
  }
  if (publication.info) {
    json.Key("info");
    WriteClientInfo(*publication.info, json);
  }
  if (publication.offset > 0) json.Member("offset", publication.offset);
  if (!publication.tags.empty()) {
    json.Key("tags");
    WriteTags(publication.tags, json);
  }
  json.EndObject();
}

Task<api::Outcome> History(Services& services, HistoryParams params, api::AnswerBudget& budget) {
  const auto history = co_await services.publisher.History(std::move(params.call));
  if (!history) co_return std::unexpected(history.error());
  const std::size_t bytes = protocol::ReplyBytes(history->publications);
  if (!budget.Take(bytes)) co_return std::unexpected(api::kErrorAnswerTooLarge);
  std::string result;
  result.reserve(bytes);
  Slices slices(result);
  JsonWriter json(result);
  json.BeginObject();
  json.Key("publications");
  json.BeginArray();
  for (const protocol::PublicationPtr& publication : history->publications) {
    WritePublication(*publication, json);
    if (slices.IsOver()) co_await slices.Next();
  }
  json.EndArray();
  if (!history->top.epoch.empty()) json.Member("epoch", history->top.epoch);
  if (history->top.offset > 0) json.Member("offset", history->top.offset);
  json.EndObject();
  co_return result;
}

Task<api::Outcome> HistoryRemove(Services& services, ChannelParams params) {
  const auto removed = co_await services.publisher.RemoveHistory(std::move(params.channel));
  if (!removed) co_return std::unexpected(removed.error());
  co_return "{}";
}

}  // namespace

std::vector<api::Method> HistoryMethods(Services& services) {
  return {
      api::MakeMethod("history", api::Effect::kReads, services, History,
                      {.summary = "Read a channel's stream. Client-side limits do not apply.",
                       .params = kHistorySchema,
                       .result = kHistoryResultSchema,
                       .schemas = {kPositionSchema, kPublicationSchema, kClientInfoSchema}}),
      api::MakeMethod("history_remove", api::Effect::kChangesState, services, HistoryRemove,
                      {.summary = "Forget the publications of a channel's stream. Its offset goes on.",
                       .params = kChannelParamsSchema}),
  };
}

}  // namespace tidemill::methods
