#include "jobs/job_api/flows.h"

#include <fmt/format.h>

#include <string>

#include "jobs/job/names.h"
#include "jobs/job/value.h"
#include "jobs/job_api/job_json.h"
#include "jobs/job_api/kept.h"
#include "jobs/job_api/parse_job.h"
#include "jobs/limits/limits_json.h"
#include "jobs/workflows/definition.h"

namespace tidemill::jobs {
namespace {

constexpr int kSequencePageMax = 1000;
constexpr std::size_t kBlockedKeysMax = 100;
constexpr std::size_t kPayloadBytesMax = job::kValueBytesMax;

constexpr std::string_view kWorkflowParams = R"json({
  "type": "object",
  "properties": {
    "jobs": {
      "type": "array",
      "maxItems": 1000,
      "items": {
        "type": "object",
        "properties": {
          "name": {"type": "string"},
          "job": {"$ref": "#/components/schemas/Job"},
          "after": {"type": "array", "items": {"type": "string"}, "description": "Names of others."}
        },
        "required": ["name", "job"]
      }
    }
  },
  "required": ["jobs"],
  "examples": [
    {
      "jobs": [
        {"name": "load", "job": {"jobtype": "load", "args": [7]}},
        {"name": "send", "job": {"jobtype": "send", "args": [7]}, "after": ["load"]}
      ]
    }
  ]
})json";

constexpr std::string_view kWorkflowResult = R"json({
  "type": "object",
  "properties": {"workflow": {"type": "string", "description": "Its id."}},
  "required": ["workflow"]
})json";

constexpr std::string_view kSignalParamsSchema = R"json({
  "type": "object",
  "properties": {
    "name": {"type": "string", "maxLength": 256},
    "payload": {"description": "For those who wait; JSON of at most 64 KiB."}
  },
  "required": ["name"],
  "examples": [{"name": "order-7-paid", "payload": {"amount": 12}}]
})json";

constexpr std::string_view kSequencesParams = R"json({
  "type": "object",
  "properties": {
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
    "cursor": {"type": "string", "description": "A page's next: what comes after that page."}
  }
})json";

constexpr std::string_view kSequencesResult = R"json({
  "type": "object",
  "properties": {
    "sequences": {
      "type": "array",
      "items": {
        "type": "object",
        "properties": {
          "key": {"type": "string"},
          "length": {"type": "integer"},
          "head": {"type": "string", "description": "The job whose turn it is."},
          "halted": {"type": "boolean", "description": "It is dead: retry it, or skip it."}
        },
        "required": ["key"]
      }
    },
    "next": {"type": "string"}
  },
  "required": ["sequences"]
})json";

constexpr std::string_view kKeyParams = R"json({
  "type": "object",
  "properties": {"key": {"type": "string", "description": "custom.sequence_key of its jobs."}},
  "required": ["key"],
  "examples": [{"key": "account-7"}]
})json";

constexpr std::string_view kLimitsQueueParams = R"json({
  "type": "object",
  "properties": {"queue": {"type": "string"}},
  "required": ["queue"],
  "examples": [{"queue": "mail"}]
})json";

constexpr std::string_view kLimitsSetParams = R"json({
  "type": "object",
  "properties": {
    "queue": {"type": "string"},
    "limits": {"type": "object", "description": "What is left out limits nothing."}
  },
  "required": ["queue", "limits"],
  "examples": [{"queue": "mail", "limits": {"concurrency": 4}}]
})json";

constexpr std::string_view kLimitsResult = R"json({
  "type": "object",
  "properties": {
    "limits": {"type": "object", "description": "Left out: there are none."},
    "configured": {"type": "boolean", "description": "They are of the server's configuration."},
    "running": {"type": "integer", "description": "A job counts as much as its custom.weight says."},
    "parked": {"type": "integer", "description": "Jobs that wait for their keys."},
    "blocked_keys": {
      "type": "array",
      "items": {
        "type": "object",
        "properties": {
          "key": {"type": "string"},
          "running": {"type": "integer"},
          "parked": {"type": "integer"}
        }
      }
    }
  }
})json";

struct WorkflowParams : Params {
  struct Node {
    std::string name;
    std::string job;
    std::vector<std::string> after;
  };
  std::vector<Node> nodes;
};

void ReadNode(JsonReader& json, WorkflowParams& params) {
  WorkflowParams::Node& node = params.nodes.emplace_back();
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "name") {
      api::ReadParam(json, node.name);
    } else if (*key == "job") {
      node.job = json.ReadRaw();
    } else if (*key == "after") {
      api::ReadParam(json, node.after);
    } else if (!params.refused) {
      params.refused = api::UnknownField(*key, std::to_array<std::string_view>({"name", "job", "after"}));
    }
  }
  if (!params.refused && (node.name.empty() || node.job.empty())) {
    params.refused = Missing(node.name.empty() ? "name" : "job");
  }
}

void Read(JsonReader& json, WorkflowParams& params) {
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key != "jobs") {
      if (!params.refused)
        params.refused = api::UnknownField(*key, std::to_array<std::string_view>({"jobs"}));
      continue;
    }
    json.EnterArray();
    while (json.NextElement()) {
      if (params.nodes.size() <= kWorkflowNodesMax) ReadNode(json, params);
    }
  }
  if (!params.refused && params.nodes.empty()) params.refused = Missing("jobs");
  if (params.nodes.size() > kWorkflowNodesMax) {
    params.refused = {protocol::kErrorLimitExceeded,
                      fmt::format("\"jobs\" has at most {}", kWorkflowNodesMax)};
  }
}

struct SendParams : Params {
  std::string name;
  RawJson payload;
};
constexpr Member<SendParams> kSendMembers[] = {
    Required<&SendParams::name>("name"),
    Optional<&SendParams::payload>("payload"),
};
void Read(JsonReader& json, SendParams& params) {
  ReadMembers(json, params, kSendMembers);
  if (params.payload.text.size() <= kPayloadBytesMax) return;
  params.refused = {protocol::kErrorLimitExceeded,
                    fmt::format("\"payload\" has at most {} bytes", kPayloadBytesMax)};
}

struct SequencesParams : Params {
  std::string cursor;
  int limit = 100;
};
constexpr Member<SequencesParams> kSequencesMembers[] = {
    Optional<&SequencesParams::cursor>("cursor"),
    Optional<&SequencesParams::limit>("limit"),
};
void Read(JsonReader& json, SequencesParams& params) { ReadMembers(json, params, kSequencesMembers); }

struct KeyParams : Params {
  std::string key;
};
constexpr Member<KeyParams> kKeyMembers[] = {Required<&KeyParams::key>("key")};
void Read(JsonReader& json, KeyParams& params) { ReadMembers(json, params, kKeyMembers); }

struct LimitsParams : Params {
  std::string queue;
  RawJson limits;
};
constexpr Member<LimitsParams> kLimitsMembers[] = {
    Required<&LimitsParams::queue>("queue"),
    Optional<&LimitsParams::limits>("limits"),
};
void Read(JsonReader& json, LimitsParams& params) {
  ReadMembers(json, params, kLimitsMembers);
  if (params.refused || job::IsQueueName(params.queue)) return;
  params.refused = OutOfRange("queue", "a name of letters, digits, and . _ -");
}

Task<api::Outcome> PushWorkflow(Engine& engine, WorkflowParams params) {
  WorkflowDefinition definition;
  for (WorkflowParams::Node& node : params.nodes) {
    ApiResult<job::Job> job = ParseWithJid(node.job);
    if (!job) co_return std::unexpected(std::move(job.error()));
    definition.nodes.push_back(
        {.name = std::move(node.name), .job = *std::move(job), .after = std::move(node.after)});
  }
  const Result<std::string> id = engine.PushWorkflow(std::move(definition));
  const std::string result = id ? fmt::format(R"({{"workflow":"{}"}})", *id) : "";
  co_return co_await Kept(engine, id, result);
}

Task<api::Outcome> SendSignal(Engine& engine, SendParams params) {
  return Kept(engine, engine.SendSignal(params.name, std::move(params.payload.text)), "{}");
}

Task<api::Outcome> ListSequences(Engine& engine, SequencesParams params) {
  if (params.limit < 1 || params.limit > kSequencePageMax) {
    co_return std::unexpected(OutOfRange("limit", fmt::format("1 to {}", kSequencePageMax)));
  }
  const auto limit = static_cast<std::size_t>(params.limit);
  const std::vector<SequenceView> sequences = engine.Sequences(params.cursor, limit);
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Key("sequences");
  json.BeginArray();
  for (const SequenceView& sequence : sequences) {
    json.BeginObject();
    json.Member("key", sequence.key);
    json.Member("length", sequence.length);
    json.Member("head", sequence.head);
    json.Member("halted", sequence.is_halted);
    json.EndObject();
  }
  json.EndArray();
  if (sequences.size() == limit) json.Member("next", sequences.back().key);
  json.EndObject();
  co_return result;
}

Task<api::Outcome> SkipInSequence(Engine& engine, KeyParams params) {
  return Kept(engine, engine.SkipInSequence(params.key), "{}");
}

Task<api::Outcome> ShowLimits(Engine& engine, LimitsParams params) {
  const std::optional<LimitsView> view = engine.Limits(params.queue, kBlockedKeysMax);
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  if (view) {
    std::string limits;
    AppendLimits(view->limits, limits);
    json.RawMember("limits", limits);
    json.Member("configured", view->is_configured);
    json.Member("running", view->running);
    json.Member("parked", view->parked);
    json.Key("blocked_keys");
    json.BeginArray();
    for (const Limiter::KeyView& key : view->blocked_keys) {
      json.BeginObject();
      json.Member("key", key.key);
      json.Member("running", key.held);
      json.Member("parked", key.parked);
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
  co_return result;
}

Task<api::Outcome> SetLimits(Engine& engine, LimitsParams params) {
  if (params.limits.text.empty()) co_return std::unexpected(Missing("limits"));
  Result<QueueLimits> limits = ParseLimits(params.limits.text);
  if (!limits) co_return std::unexpected(FailureOf(limits.error()));
  co_return co_await Kept(engine, engine.SetLimits(params.queue, *std::move(limits)), "{}");
}

Task<api::Outcome> ResetLimits(Engine& engine, LimitsParams params) {
  return Kept(engine, engine.ResetLimits(params.queue), "{}");
}

}  // namespace

std::vector<api::Method> FlowMethods(ApiServices& services) {
  constexpr api::Effect kChanges = api::Effect::kChangesState;
  return {
      EngineMethod<PushWorkflow>("jobs_workflow_push", kChanges, services,
                                 {.summary = "Push jobs that wait for one another: all of them, or none.",
                                  .details = "A job gets the results of those that it comes after in its "
                                             "custom. Error 107 spells out a circle.",
                                  .params = kWorkflowParams,
                                  .result = kWorkflowResult,
                                  .schemas = {kJobSchema}}),
      EngineMethod<SendSignal>("jobs_signal", kChanges, services,
                               {.summary = "Let jobs go on that wait for a name, now or within seven days.",
                                .params = kSignalParamsSchema}),
      EngineMethod<ListSequences>("jobs_sequences", api::Effect::kReads, services,
                                  {.summary = "Jobs that run one at a time, by their keys.",
                                   .params = kSequencesParams,
                                   .result = kSequencesResult}),
      EngineMethod<SkipInSequence>(
          "jobs_sequence_skip", kChanges, services,
          {.summary = "Pass over the dead job that halts a sequence.", .params = kKeyParams}),
      EngineMethod<ShowLimits>("jobs_limits", api::Effect::kReads, services,
                               {.summary = "The limits of a queue, and what they hold back.",
                                .params = kLimitsQueueParams,
                                .result = kLimitsResult}),
      EngineMethod<SetLimits>(
          "jobs_limits_set", kChanges, services,
          {.summary = "Limit a queue, from now on and after a start.",
           .details = "Error 103: its limits are of the configuration, and are changed there.",
           .params = kLimitsSetParams}),
      EngineMethod<ResetLimits>("jobs_limits_reset", kChanges, services,
                                {.summary = "Limit a queue no more.",
                                 .details = "Error 103: its limits are of the configuration.",
                                 .params = kLimitsQueueParams}),
  };
}

}  // namespace tidemill::jobs
