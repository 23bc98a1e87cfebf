#include "realtime/methods/nodes.h"

#include <string>
#include <utility>

#include "api/params.h"
#include "realtime/methods/slices.h"
#include "realtime/methods/target.h"

namespace tidemill::methods {
namespace {

constexpr std::string_view kChannelsSchema = R"json({
  "type": "object",
  "properties": {
    "pattern": {
      "type": "string",
      "maxLength": 1024,
      "description": "Glob: * ? [a-z] [!a-z] and \\ before a byte that stands for itself. Empty: all."
    }
  }
})json";

constexpr std::string_view kChannelsResultSchema = R"json({
  "type": "object",
  "properties": {
    "channels": {
      "type": "object",
      "additionalProperties": {
        "type": "object",
        "properties": {"num_clients": {"type": "integer", "format": "int64", "minimum": 0}}
      }
    }
  }
})json";

constexpr std::string_view kInfoResultSchema = R"json({
  "type": "object",
  "properties": {"nodes": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}}}
})json";

constexpr api::Schema kNodeSchema{"Node", R"json({
  "type": "object",
  "properties": {
    "uid": {"type": "string"},
    "name": {"type": "string"},
    "version": {"type": "string"},
    "num_clients": {"type": "integer", "format": "int64", "minimum": 0},
    "num_users": {"type": "integer", "format": "int64", "minimum": 0},
    "num_subs": {"type": "integer", "format": "int64", "minimum": 0},
    "num_channels": {"type": "integer", "format": "int64", "minimum": 0},
    "uptime": {"type": "integer", "format": "int64", "minimum": 0, "description": "Seconds."}
  },
  "required": ["uid", "name", "version"]
})json"};

struct ChannelsParams {
  std::string pattern;
};

struct InfoParams {};

void Read(JsonReader& json, ChannelsParams& params) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "pattern") api::ReadParam(json, params.pattern);
  }
}

void Read(JsonReader& json, InfoParams&) { json.Skip(); }

void WriteNode(const control::NodeInfo& node, JsonWriter& json) {
  json.BeginObject();
  json.Member("uid", node.uid);
  json.Member("name", node.name);
  json.Member("version", node.version);
  const control::NodeCounts& counts = node.counts;
  if (counts.clients > 0) json.Member("num_clients", counts.clients);
  if (counts.users > 0) json.Member("num_users", counts.users);
  if (counts.subscriptions > 0) json.Member("num_subs", counts.subscriptions);
  if (counts.channels > 0) json.Member("num_channels", counts.channels);
  if (const std::int64_t uptime_s = node.uptime.ms / 1000; uptime_s > 0) json.Member("uptime", uptime_s);
  json.EndObject();
}

Task<api::Outcome> Channels(Services& services, ChannelsParams params, api::AnswerBudget& budget) {
  const auto found = co_await services.directory.Channels(std::move(params.pattern));
  if (!found) co_return std::unexpected(CodeOfDirectory("channels", found.error()));
  constexpr std::size_t kAroundChannel = 26;
  std::size_t bytes = 0;
  for (const broker::ChannelCount& channel : *found) bytes += channel.channel.size() + kAroundChannel;
  if (!budget.Take(bytes)) co_return std::unexpected(api::kErrorAnswerTooLarge);
  std::string result;
  result.reserve(bytes);
  Slices slices(result);
  JsonWriter json(result);
  json.BeginObject();
  json.Key("channels");
  json.BeginObject();
  for (const broker::ChannelCount& channel : *found) {
    json.DynamicKey(channel.channel);
    json.BeginObject();
    json.Member("num_clients", channel.subscriptions);
    json.EndObject();
    if (slices.IsOver()) co_await slices.Next();
  }
  json.EndObject();
  json.EndObject();
  co_return result;
}

Task<api::Outcome> Info(Services& services, InfoParams) {
  const std::vector<control::NodeInfo> nodes = co_await services.directory.Nodes();
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Key("nodes");
  json.BeginArray();
  for (const control::NodeInfo& node : nodes) WriteNode(node, json);
  json.EndArray();
  json.EndObject();
  co_return result;
}

}  // namespace

std::vector<api::Method> NodeMethods(Services& services) {
  return {
      api::MakeMethod("channels", api::Effect::kReads, services, Channels,
                      {.summary = "Channels with at least one subscription on any node, at most 100,000.",
                       .params = kChannelsSchema,
                       .result = kChannelsResultSchema}),
      api::MakeMethod("info", api::Effect::kReads, services, Info,
                      {.summary = "The nodes and what they carry.",
                       .params = R"({"type":"object","properties":{}})",
                       .result = kInfoResultSchema,
                       .schemas = {kNodeSchema}}),
  };
}

}  // namespace tidemill::methods
