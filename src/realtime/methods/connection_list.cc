#include "realtime/methods/connection_list.h"

#include <string>
#include <utility>

#include "api/params.h"
#include "realtime/methods/slices.h"
#include "realtime/methods/target.h"

namespace tidemill::methods {
namespace {

constexpr std::string_view kConnectionsSchema = R"json({
  "type": "object",
  "properties": {
    "user": {"type": "string", "description": "Only this user's; empty: those of all users."},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1000},
    "cursor": {"type": "string", "description": "The cursor of the page before."}
  }
})json";

constexpr std::string_view kConnectionsResultSchema = R"json({
  "type": "object",
  "properties": {
    "connections": {
      "type": "object",
      "description": "By client id.",
      "additionalProperties": {"$ref": "#/components/schemas/Connection"}
    },
    "cursor": {"type": "string", "description": "For the next page; absent: there is none."}
  },
  "required": ["connections"]
})json";

constexpr api::Schema kConnectionSchema{"Connection", R"json({
  "type": "object",
  "properties": {
    "app_name": {"type": "string", "description": "What the client says that it is."},
    "app_version": {"type": "string"},
    "transport": {"type": "string"},
    "protocol": {"type": "string", "enum": ["json", "protobuf"]},
    "user": {"type": "string", "description": "Absent: anonymous."},
    "state": {
      "type": "object",
      "properties": {
        "channels": {
          "type": "object",
          "description": "The first of its subscriptions, at most 128.",
          "additionalProperties": {"type": "object"}
        },
        "connection_token": {
          "type": "object",
          "properties": {
            "uid": {"type": "string", "description": "The claim jti."},
            "issued_at": {"type": "integer", "format": "int64", "description": "The claim iat."}
          }
        },
        "meta": {"description": "The claim meta."}
      }
    },
    "connected_at_ms": {"type": "integer", "format": "int64", "description": "Of those with a token."},
    "num_subs": {"type": "integer", "format": "int64", "minimum": 0},
    "queued_bytes": {
      "type": "integer",
      "format": "int64",
      "minimum": 0,
      "description": "That wait because the client has not read them."
    }
  },
  "required": ["transport", "protocol"]
})json"};

struct ConnectionsParams {
  control::ConnectionsQuery query{.limit = control::kConnectionsLimitMax};
  std::string expression;
};

void Read(JsonReader& json, ConnectionsParams& params) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "user") {
      api::ReadParam(json, params.query.user);
    } else if (*key == "limit") {
      api::ReadParam(json, params.query.limit);
    } else if (*key == "cursor") {
      api::ReadParam(json, params.query.after);
    } else if (*key == "expression") {
      api::ReadParam(json, params.expression);
    }
  }
}

void WriteState(const control::ConnectionInfo& info, JsonWriter& json) {
  json.Key("state");
  json.BeginObject();
  if (!info.channels.empty()) {
    json.Key("channels");
    json.BeginObject();
    for (const std::string& channel : info.channels) {
      json.DynamicKey(channel);
      json.BeginObject();
      json.EndObject();
    }
    json.EndObject();
  }
  if (!info.token.empty()) {
    json.Key("connection_token");
    json.BeginObject();
    if (!info.token.id.empty()) json.Member("uid", info.token.id);
    if (info.token.issued_at != 0) json.Member("issued_at", info.token.issued_at);
    json.EndObject();
  }
  if (!info.meta.empty()) {
    json.Key("meta");
    json.Raw(info.meta);
  }
  json.EndObject();
}

void WriteConnection(const control::ConnectionInfo& info, JsonWriter& json) {
  json.DynamicKey(info.client);
  json.BeginObject();
  if (!info.app_name.empty()) json.Member("app_name", info.app_name);
  if (!info.app_version.empty()) json.Member("app_version", info.app_version);
  json.Member("transport", info.transport);
  json.Member("protocol", info.protocol);
  if (!info.user.empty()) json.Member("user", info.user);
  if (!info.channels.empty() || !info.token.empty() || !info.meta.empty()) WriteState(info, json);
  if (info.connected_at > 0) json.Member("connected_at_ms", info.connected_at * 1000);
  if (info.subscriptions > 0) json.Member("num_subs", info.subscriptions);
  if (info.queued_bytes > 0) json.Member("queued_bytes", info.queued_bytes);
  json.EndObject();
}

// More than it takes with names and numbers of usual lengths.
std::size_t BytesOf(const control::ConnectionInfo& info) {
  constexpr std::size_t kAroundIt = 256;
  std::size_t bytes = kAroundIt + info.user.size() + info.meta.size() + info.token.id.size();
  for (const std::string& channel : info.channels) bytes += channel.size() + 6;
  return bytes;
}

Task<api::Outcome> Connections(Services& services, ConnectionsParams params, api::AnswerBudget& budget) {
  if (!params.expression.empty()) {
    co_return std::unexpected(
        api::Failure(protocol::kErrorBadRequest, "expressions are not available here: use user"));
  }
  if (params.query.limit == 0 || params.query.limit > control::kConnectionsLimitMax) {
    co_return std::unexpected(api::Failure(protocol::kErrorBadRequest, "limit is 1 to 1000"));
  }
  const auto found = co_await services.directory.Connections(std::move(params.query));
  if (!found) co_return std::unexpected(CodeOfDirectory("connections", found.error()));
  std::size_t bytes = 64;
  for (const control::ConnectionInfo& info : found->connections) bytes += BytesOf(info);
  if (!budget.Take(bytes)) co_return std::unexpected(api::kErrorAnswerTooLarge);
  std::string result;
  result.reserve(bytes);
  Slices slices(result);
  JsonWriter json(result);
  json.BeginObject();
  json.Key("connections");
  json.BeginObject();
  for (const control::ConnectionInfo& info : found->connections) {
    WriteConnection(info, json);
    if (slices.IsOver()) co_await slices.Next();
  }
  json.EndObject();
  if (found->has_more && !found->connections.empty()) {
    json.Member("cursor", found->connections.back().client);
  }
  json.EndObject();
  co_return result;
}

}  // namespace

std::vector<api::Method> ConnectionListMethods(Services& services) {
  return {api::MakeMethod(
      "connections", api::Effect::kReads, services, Connections,
      {.summary = "Who is connected to any node, and how.",
       .details = "In the order of client ids, a page at a time. What comes or goes meanwhile may be missed.",
       .params = kConnectionsSchema,
       .result = kConnectionsResultSchema,
       .schemas = {kConnectionSchema}})};
}

}  // namespace tidemill::methods
