#include "realtime/methods/maps.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "api/params.h"
#include "realtime/broker/map_publisher.h"
#include "realtime/methods/channel_params.h"
#include "realtime/methods/client_info.h"
#include "realtime/methods/payload.h"
#include "realtime/methods/slices.h"
#include "realtime/methods/tags.h"
#include "realtime/protocol/reply_bytes.h"

namespace tidemill::methods {
namespace {

// Of a state, read at once: more is read in several steps.
constexpr std::uint32_t kPageKeys = 1000;
constexpr std::size_t kPageBytes = std::size_t{4} << 20;

constexpr api::Schema kMapEntrySchema{"MapEntry", R"json({
  "type": "object",
  "properties": {
    "key": {"type": "string"},
    "data": {"description": "The payload."},
    "b64data": {"type": "string", "description": "Instead of data, when it is not JSON."},
    "info": {"$ref": "#/components/schemas/ClientInfo"},
    "tags": {"type": "object", "additionalProperties": {"type": "string"}},
    "offset": {"type": "integer", "format": "int64", "minimum": 0},
    "score": {"type": "integer", "format": "int64"},
    "removed": {"type": "boolean", "description": "In the stream: the key was removed."},
    "time": {"type": "integer", "format": "int64", "description": "When it was published, in ms."}
  },
  "required": ["key"]
})json"};

constexpr api::Schema kMapOutcomeSchema{"MapOutcome", R"json({
  "type": "object",
  "properties": {
    "offset": {"type": "integer", "format": "int64", "minimum": 0, "description": "Absent without a stream."},
    "epoch": {"type": "string"},
    "suppressed": {"type": "boolean", "description": "Nothing was changed."},
    "suppress_reason": {"enum": ["idempotency", "version", "key_exists", "key_not_found"]}
  }
})json"};

constexpr std::string_view kPublishSchema = R"json({
  "type": "object",
  "properties": {
    "channel": {"type": "string"},
    "key": {"type": "string", "minLength": 1, "maxLength": 4096},
    "data": {"description": "The payload: any JSON value, null included. Required unless b64data is given."},
    "b64data": {
      "type": "string",
      "contentEncoding": "base64",
      "description": "The payload in base64, for bytes that are not JSON. Goes before data."
    },
    "tags": {"type": "object", "additionalProperties": {"type": "string"}},
    "score": {
      "type": "integer",
      "format": "int64",
      "description": "The place of the key where the channel is ordered (map.ordered); within 2^53 of 0."
    },
    "key_mode": {
      "enum": ["", "if_new", "if_exists"],
      "description": "Publish only if the key is not there, or only if it is."
    },
    "idempotency_key": {
      "type": "string",
      "maxLength": 512,
      "description": "A call with the same key in the same channel within five minutes is not done again and
gives the first one's result."
    },
    "version": {
      "type": "integer",
      "format": "int64",
      "minimum": 0,
      "description": "Dropped unless higher than the key's last version. 0: none."
    },
    "version_epoch": {
      "type": "string",
      "maxLength": 512,
      "description": "Versions are compared within one epoch; empty compares with any."
    },
    "delta": {
      "type": "boolean",
      "description": "Subscribers with deltas are sent the difference to the value before, if smaller."
    }
  },
  "required": ["channel", "key"]
})json";

constexpr std::string_view kRemoveSchema = R"json({
  "type": "object",
  "properties": {
    "channel": {"type": "string"},
    "key": {"type": "string", "minLength": 1, "maxLength": 4096},
    "idempotency_key": {"type": "string", "maxLength": 512}
  },
  "required": ["channel", "key"]
})json";

constexpr std::string_view kReadStateSchema = R"json({
  "type": "object",
  "properties": {
    "channel": {"type": "string"},
    "limit": {
      "type": "integer",
      "format": "int32",
      "default": 0,
      "description": "Keys, at most 5000. 0: only the position; -1: all of the rest."
    },
    "cursor": {"type": "string", "description": "Of the page before; absent: the first page."},
    "key": {"type": "string", "description": "Only this key."},
    "asc": {"type": "boolean", "description": "Of an ordered channel: the lowest score first."},
    "revision_epoch": {
      "type": "string",
      "description": "Of the first page: 112 if the state began anew since."
    },
    "revision_offset": {
      "type": "integer",
      "format": "int64",
      "minimum": 0,
      "description": "Of the first page: keys that changed since are left out; the stream has their changes."
    }
  },
  "required": ["channel"]
})json";

constexpr std::string_view kReadStateResultSchema = R"json({
  "type": "object",
  "properties": {
    "entries": {"type": "array", "items": {"$ref": "#/components/schemas/MapEntry"}},
    "offset": {"type": "integer", "format": "int64", "minimum": 0, "description": "The top of the stream."},
    "epoch": {"type": "string"},
    "cursor": {"type": "string", "description": "Of the next page; absent: there is none."}
  },
  "required": ["entries"]
})json";

constexpr std::string_view kReadStreamSchema = R"json({
  "type": "object",
  "properties": {
    "channel": {"type": "string"},
    "limit": {
      "type": "integer",
      "format": "int32",
      "default": 0,
      "description": "0: only the position; -1: all."
    },
    "since_offset": {"type": "integer", "format": "int64", "minimum": 0},
    "since_epoch": {"type": "string"},
    "reverse": {"type": "boolean", "description": "Newest first; with since_offset, those before it."}
  },
  "required": ["channel"]
})json";

constexpr std::string_view kReadStreamResultSchema = R"json({
  "type": "object",
  "properties": {
    "entries": {"type": "array", "items": {"$ref": "#/components/schemas/MapEntry"}},
    "offset": {"type": "integer", "format": "int64", "minimum": 0, "description": "The top of the stream."},
    "epoch": {"type": "string"}
  },
  "required": ["entries"]
})json";

constexpr std::string_view kStatsResultSchema = R"json({
  "type": "object",
  "properties": {"num_keys": {"type": "integer", "format": "int64", "minimum": 0}},
  "required": ["num_keys"]
})json";

struct MapPublishParams {
  broker::MapPublishCall call;  // without the data
  Payload data;
  std::string key_mode;
};

struct MapRemoveParams {
  broker::MapRemoveCall call;
};

struct MapReadStateParams {
  broker::MapStateCall call;
  std::int32_t limit = 0;
  std::string revision_epoch;
  std::uint64_t revision_offset = 0;
};

struct MapReadStreamParams {
  broker::HistoryCall call;
  protocol::StreamPosition since;
};

void Read(JsonReader& json, MapPublishParams& params) {
  broker::MapPublishCall& call = params.call;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "channel") api::ReadParam(json, call.channel);
    if (*key == "key") api::ReadParam(json, call.key);
    if (*key == "data") ReadJsonPayload(json, params.data);
    if (*key == "b64data") ReadBase64Payload(json, params.data);
    if (*key == "tags") api::ReadParam(json, call.tags, ReadTags);
    if (*key == "score") api::ReadParam(json, call.score);
    if (*key == "key_mode") api::ReadParam(json, params.key_mode);
    if (*key == "idempotency_key") api::ReadParam(json, call.idempotency_key);
    if (*key == "version") api::ReadParam(json, call.version);
    if (*key == "version_epoch") api::ReadParam(json, call.version_epoch);
    if (*key == "delta") api::ReadParam(json, call.delta);
  }
}

void Read(JsonReader& json, MapRemoveParams& params) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "channel") api::ReadParam(json, params.call.channel);
    if (*key == "key") api::ReadParam(json, params.call.key);
    if (*key == "idempotency_key") api::ReadParam(json, params.call.idempotency_key);
  }
}

void Read(JsonReader& json, MapReadStateParams& params) {
  broker::MapStateCall& call = params.call;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "channel") api::ReadParam(json, call.channel);
    if (*key == "limit") api::ReadParam(json, params.limit);
    if (*key == "cursor") api::ReadParam(json, call.query.cursor);
    if (*key == "key") api::ReadParam(json, call.query.key);
    if (*key == "asc") api::ReadParam(json, call.query.ascending);
    if (*key == "revision_epoch") api::ReadParam(json, params.revision_epoch);
    if (*key == "revision_offset") api::ReadParam(json, params.revision_offset);
  }
}

void Read(JsonReader& json, MapReadStreamParams& params) {
  broker::HistoryCall& call = params.call;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "channel") api::ReadParam(json, call.channel);
    if (*key == "limit") api::ReadParam(json, call.query.limit);
    if (*key == "since_offset") api::ReadParam(json, params.since.offset);
    if (*key == "since_epoch") api::ReadParam(json, params.since.epoch);
    if (*key == "reverse") api::ReadParam(json, call.query.reverse);
  }
}

std::string WriteOutcome(const broker::MapOutcome& outcome) {
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  if (outcome.position.offset > 0) json.Member("offset", outcome.position.offset);
  if (!outcome.position.epoch.empty()) json.Member("epoch", outcome.position.epoch);
  if (outcome.unchanged != broker::Unchanged::kNo) {
    json.Member("suppressed", true);
    json.Member("suppress_reason", NameOf(outcome.unchanged));
  }
  json.EndObject();
  return result;
}

void WriteEntry(const protocol::Publication& entry, JsonWriter& json) {
  json.BeginObject();
  json.Member("key", entry.key);
  if (entry.data_is_json && !entry.data.empty()) {
    json.RawMember("data", entry.data);
  } else if (!entry.data.empty()) {
    WritePayload("data", "b64data", entry.data, json);
  }
  if (entry.info) {
    json.Key("info");
    WriteClientInfo(*entry.info, json);
  }
  if (!entry.tags.empty()) {
    json.Key("tags");
    WriteTags(entry.tags, json);
  }
  if (entry.offset > 0) json.Member("offset", entry.offset);
  if (entry.score != 0) json.Member("score", entry.score);
  if (entry.removed) json.Member("removed", true);
  if (entry.time_ms != 0) json.Member("time", entry.time_ms);
  json.EndObject();
}

// {"entries":[…],"offset":…,"epoch":…,"cursor":…}
class EntriesWriter {
 public:
  EntriesWriter() {
    json_.BeginObject();
    json_.Key("entries");
    json_.BeginArray();
  }

  Task<Result<void>> Write(const std::vector<protocol::PublicationPtr>& entries, api::AnswerBudget& budget) {
    if (!budget.Take(protocol::ReplyBytes(entries))) co_return Fail(Errc::kLimitExceeded, "");
    for (const protocol::PublicationPtr& entry : entries) {
      WriteEntry(*entry, json_);
      if (slices_.IsOver()) co_await slices_.Next();
    }
    co_return Result<void>();
  }

  std::string Finish(const protocol::StreamPosition& position, std::string_view cursor) {
    json_.EndArray();
    if (position.offset > 0) json_.Member("offset", position.offset);
    if (!position.epoch.empty()) json_.Member("epoch", position.epoch);
    if (!cursor.empty()) json_.Member("cursor", cursor);
    json_.EndObject();
    return std::move(result_);
  }

 private:
  std::string result_;
  JsonWriter json_{result_};
  Slices slices_{result_};
};

Task<api::Outcome> MapPublish(Services& services, MapPublishParams params) {
  broker::MapPublishCall& call = params.call;
  if (params.key_mode == "if_new") {
    call.condition = broker::KeyCondition::kIfNew;
  } else if (params.key_mode == "if_exists") {
    call.condition = broker::KeyCondition::kIfExists;
  } else if (!params.key_mode.empty()) {
    co_return std::unexpected(protocol::kErrorBadRequest);
  }
  TakeData(std::move(params.data), call.data, call.form);
  const auto outcome = co_await services.maps.Publish(std::move(call));
  if (!outcome) co_return std::unexpected(outcome.error());
  co_return WriteOutcome(*outcome);
}

Task<api::Outcome> MapRemove(Services& services, MapRemoveParams params) {
  const auto outcome = co_await services.maps.Remove(std::move(params.call));
  if (!outcome) co_return std::unexpected(outcome.error());
  co_return WriteOutcome(*outcome);
}

Task<api::Outcome> MapReadState(Services& services, MapReadStateParams params, api::AnswerBudget& budget) {
  broker::MapStateCall& call = params.call;
  const bool all = params.limit < 0;
  // Keys that are still to be read.
  std::uint32_t left =
      std::min(static_cast<std::uint32_t>(std::max(params.limit, 0)), broker::kMapPageKeysMax);
  call.query.bytes_max = kPageBytes;
  const bool has_revision = params.revision_offset > 0 || !params.revision_epoch.empty();
  if (!params.revision_epoch.empty()) call.query.epoch = params.revision_epoch;
  EntriesWriter writer;
  std::optional<protocol::StreamPosition> first;
  do {
    call.query.limit = all ? kPageKeys : std::min(left, kPageKeys);
    auto page = co_await services.maps.ReadState(call);
    if (!page) co_return std::unexpected(page.error());
    left -= std::min(left, static_cast<std::uint32_t>(page->entries.size()));
    if (has_revision) {
      std::erase_if(page->entries, [&](const auto& entry) { return entry->offset > params.revision_offset; });
    }
    if (!co_await writer.Write(page->entries, budget)) co_return std::unexpected(api::kErrorAnswerTooLarge);
    if (!first) first = std::move(page->position);
    call.query.epoch = first->epoch;
    call.query.cursor = std::move(page->cursor);
  } while ((all || left > 0) && !call.query.cursor.empty());
  co_return writer.Finish(*first, call.query.cursor);
}

Task<api::Outcome> MapReadStream(Services& services, MapReadStreamParams params, api::AnswerBudget& budget) {
  broker::HistoryCall& call = params.call;
  if (params.since.offset > 0 || !params.since.epoch.empty()) call.query.since = std::move(params.since);
  const auto read = co_await services.maps.ReadStream(std::move(call));
  if (!read) co_return std::unexpected(read.error());
  EntriesWriter writer;
  if (!co_await writer.Write(read->publications, budget))
    co_return std::unexpected(api::kErrorAnswerTooLarge);
  co_return writer.Finish(read->top, "");
}

Task<api::Outcome> MapStats(Services& services, ChannelParams params) {
  const auto stats = co_await services.maps.Stats(std::move(params.channel));
  if (!stats) co_return std::unexpected(stats.error());
  co_return R"({"num_keys":)" + std::to_string(stats->keys) + "}";
}

Task<api::Outcome> MapClear(Services& services, ChannelParams params) {
  const auto cleared = co_await services.maps.Clear(std::move(params.channel));
  if (!cleared) co_return std::unexpected(cleared.error());
  co_return "{}";
}

}  // namespace

std::vector<api::Method> MapMethods(Services& services) {
  constexpr std::string_view kOutcome = R"({"$ref":"#/components/schemas/MapOutcome"})";
  using api::Effect;
  return {
      api::MakeMethod("map_publish", Effect::kChangesState, services, MapPublish,
                      {.summary = "Give a key of a map channel a new value.",
                       .params = kPublishSchema,
                       .result = kOutcome,
                       .schemas = {kMapOutcomeSchema}}),
      api::MakeMethod("map_remove", Effect::kChangesState, services, MapRemove,
                      {.summary = "Remove a key of a map channel.",
                       .params = kRemoveSchema,
                       .result = kOutcome,
                       .schemas = {kMapOutcomeSchema}}),
      api::MakeMethod(
          "map_read_state", Effect::kReads, services, MapReadState,
          {.summary = "Read the keys of a map channel and what they hold, in pages or all of them.",
           .params = kReadStateSchema,
           .result = kReadStateResultSchema,
           .schemas = {kMapEntrySchema, kClientInfoSchema}}),
      api::MakeMethod("map_read_stream", Effect::kReads, services, MapReadStream,
                      {.summary = "Read the changes of a map channel.",
                       .params = kReadStreamSchema,
                       .result = kReadStreamResultSchema,
                       .schemas = {kMapEntrySchema, kClientInfoSchema}}),
      api::MakeMethod("map_stats", Effect::kReads, services, MapStats,
                      {.summary = "How many keys a map channel has.",
                       .params = kChannelParamsSchema,
                       .result = kStatsResultSchema}),
      api::MakeMethod(
          "map_clear", Effect::kChangesState, services, MapClear,
          {.summary = "Remove all keys and changes of a map channel. Its subscribers read it anew.",
           .params = kChannelParamsSchema}),
  };
}

}  // namespace tidemill::methods
