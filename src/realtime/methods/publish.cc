#include "realtime/methods/publish.h"

#include <string>
#include <utility>

#include "api/concurrently.h"
#include "api/params.h"
#include "realtime/methods/payload.h"
#include "realtime/methods/position.h"
#include "realtime/methods/tags.h"

namespace tidemill::methods {
namespace {

constexpr std::size_t kBroadcastWidth = 64;

constexpr api::Schema kContentSchema{"Content", R"json({
  "type": "object",
  "description": "What publish and broadcast have in common.",
  "properties": {
    "data": {"description": "The payload: any JSON value, null included. Required unless b64data is given."},
    "b64data": {
      "type": "string",
      "contentEncoding": "base64",
      "description": "The payload in base64, for bytes that are not JSON. Goes before data."
    },
    "tags": {"type": "object", "additionalProperties": {"type": "string"}},
    "skip_history": {"type": "boolean", "description": "Deliver without keeping it in the stream."},
    "idempotency_key": {
      "type": "string",
      "maxLength": 512,
      "description": "A publish with the same key in the same channel within five minutes is not done again
and gives the first one's result."
    },
    "version": {
      "type": "integer",
      "format": "int64",
      "minimum": 0,
      "description": "Dropped unless higher than the stream's last version. 0: none."
    },
    "version_epoch": {
      "type": "string",
      "maxLength": 512,
      "description": "Versions are compared within one epoch; empty compares with any."
    },
    "delta": {
      "type": "boolean",
      "description": "Subscribers with deltas are sent the difference to the one before, if smaller."
    }
  }
})json"};

constexpr std::string_view kPublishSchema = R"json({
  "allOf": [
    {"$ref": "#/components/schemas/Content"},
    {"type": "object", "properties": {"channel": {"type": "string"}}, "required": ["channel"]}
  ]
})json";

constexpr std::string_view kBroadcastSchema = R"json({
  "allOf": [
    {"$ref": "#/components/schemas/Content"},
    {
      "type": "object",
      "properties": {"channels": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
      "required": ["channels"]
    }
  ]
})json";

constexpr std::string_view kBroadcastResultSchema = R"json({
  "type": "object",
  "properties": {
    "responses": {
      "type": "array",
      "items": {
        "type": "object",
        "properties": {
          "result": {"$ref": "#/components/schemas/Position"},
          "error": {"$ref": "#/components/schemas/Error"}
        }
      }
    }
  }
})json";

struct PublishParams {
  broker::PublishCall call;  // without the data
  Payload data;
};

struct BroadcastParams {
  std::vector<std::string> channels;
  broker::PublishCall call;  // of each of them; without channel and data
  Payload data;
};

// What publish and broadcast have in common.
void ReadContent(JsonReader& json, std::string_view key, broker::PublishCall& call, Payload& data) {
  if (key == "data") ReadJsonPayload(json, data);
  if (key == "b64data") ReadBase64Payload(json, data);
  if (key == "tags") api::ReadParam(json, call.tags, ReadTags);
  if (key == "skip_history") api::ReadParam(json, call.skip_history);
  if (key == "delta") api::ReadParam(json, call.delta);
  if (key == "idempotency_key") api::ReadParam(json, call.idempotency_key);
  if (key == "version") api::ReadParam(json, call.version);
  if (key == "version_epoch") api::ReadParam(json, call.version_epoch);
}

void Read(JsonReader& json, PublishParams& params) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "channel") {
      api::ReadParam(json, params.call.channel);
    } else {
      ReadContent(json, *key, params.call, params.data);
    }
  }
}

void Read(JsonReader& json, BroadcastParams& params) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "channels") {
      api::ReadParam(json, params.channels);
    } else {
      ReadContent(json, *key, params.call, params.data);
    }
  }
}

using Published = broker::Answer<broker::PublishOutcome>;

Task<api::Outcome> WriteResult(Task<Published> publish) {
  const Published published = co_await publish;
  if (!published) co_return std::unexpected(published.error());
  std::string result;
  AppendPosition(published->position, result);
  co_return result;
}

Task<api::Outcome> Publish(Services& services, PublishParams params) {
  TakeData(std::move(params.data), params.call.data, params.call.form);
  return WriteResult(services.publisher.Publish(std::move(params.call)));
}

struct BroadcastJob {
  broker::Publisher& publisher;
  const broker::PublishCall call;  // of every channel
  std::vector<std::string> channels;
  std::vector<Published> results;

  Task<void> operator()(std::size_t i) { return One(*this, i); }
  static Task<void> One(BroadcastJob& job, std::size_t i) {
    broker::PublishCall call = job.call;
    call.channel = std::move(job.channels[i]);
    job.results[i] = co_await job.publisher.Publish(std::move(call));
  }
};

std::string WriteResponses(const std::vector<Published>& responses) {
  std::string result = R"({"responses":[)";
  for (const Published& response : responses) {
    if (!result.ends_with('[')) result += ',';
    if (response) {
      result += R"({"result":)";
      AppendPosition(response->position, result);
    } else {
      result += R"({"error":)";
      api::AppendErrorObject(response.error(), result);
    }
    result += '}';
  }
  result += "]}";
  return result;
}

Task<api::Outcome> Broadcast(Services& services, BroadcastParams params) {
  if (params.channels.empty()) co_return std::unexpected(protocol::kErrorBadRequest);
  TakeData(std::move(params.data), params.call.data, params.call.form);
  BroadcastJob job{.publisher = services.publisher,
                   .call = std::move(params.call),
                   .channels = std::move(params.channels),
                   .results = {}};
  job.results.resize(job.channels.size());
  co_await api::ForEachConcurrently(job.results.size(), kBroadcastWidth, job);
  co_return WriteResponses(job.results);
}

}  // namespace

std::vector<api::Method> PublishMethods(Services& services) {
  return {
      api::MakeMethod("publish", api::Effect::kChangesState, services, Publish,
                      {.summary = "Publish to one channel.",
                       .params = kPublishSchema,
                       .result = R"({"$ref":"#/components/schemas/Position"})",
                       .schemas = {kContentSchema, kPositionSchema}}),
      api::MakeMethod("broadcast", api::Effect::kChangesState, services, Broadcast,
                      {.summary = "Publish the same to many channels. One response each, in their order.",
                       .params = kBroadcastSchema,
                       .result = kBroadcastResultSchema,
                       .schemas = {kContentSchema, kPositionSchema}}),
  };
}

}  // namespace tidemill::methods
