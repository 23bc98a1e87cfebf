#include "jobs/job_api/workers.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "jobs/job_api/job_json.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

constexpr std::string_view kWorkersResult = R"json({
  "type": "object",
  "properties": {
    "workers": {
      "type": "array",
      "items": {
        "type": "object",
        "properties": {
          "worker": {"type": "string", "description": "Its id."},
          "hostname": {"type": "string"},
          "pid": {"type": "integer"},
          "labels": {"type": "array", "items": {"type": "string"}},
          "state": {"enum": ["running", "quiet", "terminate"]},
          "started_at": {"type": "string", "format": "date-time"},
          "heard_at": {"type": "string", "format": "date-time", "description": "When it last beat."},
          "rss_kb": {"type": "integer", "description": "The memory that it says it has."},
          "connections": {"type": "integer"},
          "working": {"type": "integer", "description": "Jobs that it has."}
        },
        "required": ["worker", "state"]
      }
    }
  },
  "required": ["workers"]
})json";

constexpr std::string_view kSignalParams = R"json({
  "type": "object",
  "properties": {
    "worker": {"type": "string", "description": "Its id."},
    "all": {"type": "boolean", "description": "Every worker, instead of one."}
  },
  "examples": [{"worker": "app-1"}, {"all": true}]
})json";

constexpr std::string_view kSignalResult = R"json({
  "type": "object",
  "properties": {"count": {"type": "integer", "description": "How many workers will be told."}},
  "required": ["count"]
})json";

struct SignalParams : Params {
  std::string worker;
  bool all = false;
};
constexpr Member<SignalParams> kSignalMembers[] = {
    Optional<&SignalParams::worker>("worker"),
    Optional<&SignalParams::all>("all"),
};
void Read(JsonReader& json, SignalParams& params) {
  ReadMembers(json, params, kSignalMembers);
  if (!params.refused && params.worker.empty() != params.all) {
    params.refused = {protocol::kErrorBadRequest, R"(either "worker" or "all":true)"};
  }
}

void WriteWorker(const WorkerView& worker, JsonWriter& json) {
  json.BeginObject();
  json.Member("worker", worker.info.wid);
  if (!worker.info.hostname.empty()) json.Member("hostname", worker.info.hostname);
  if (worker.info.pid != 0) json.Member("pid", worker.info.pid);
  if (!worker.info.labels.empty()) {
    json.Key("labels");
    json.BeginArray();
    for (const std::string& label : worker.info.labels) json.String(label);
    json.EndArray();
  }
  json.Member("state", Name(worker.state));
  WriteTime("started_at", worker.started_at, json);
  WriteTime("heard_at", worker.heard_at, json);
  if (worker.rss_kb > 0) json.Member("rss_kb", worker.rss_kb);
  json.Member("connections", worker.connections);
  json.Member("working", worker.reserved);
  json.EndObject();
}

Task<api::Outcome> ListWorkers(Engine& engine, NoParams) {
  if (const auto problem = engine.problem()) {
    co_return std::unexpected(api::Failure(api::kErrorUnavailable, *problem));
  }
  std::vector<WorkerView> workers = engine.Workers();
  std::ranges::sort(workers, {},
                    [](const WorkerView& worker) -> const std::string& { return worker.info.wid; });
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Key("workers");
  json.BeginArray();
  for (const WorkerView& worker : workers) {
    WriteWorker(worker, json);
    if (engine.loop().ShareSpent()) co_await net::NextTurn(engine.loop());
  }
  json.EndArray();
  json.EndObject();
  co_return result;
}

Task<api::Outcome> Signal(Engine& engine, SignalParams params, WorkerState state) {
  const std::size_t count = engine.Signal(params.worker, state);
  if (count == 0 && !params.all) {
    co_return std::unexpected(api::Failure(api::kErrorNotFound, "there is no such worker"));
  }
  co_return fmt::format(R"({{"count":{}}})", count);
}

Task<api::Outcome> Quiet(Engine& engine, SignalParams params) {
  return Signal(engine, std::move(params), WorkerState::kQuiet);
}

Task<api::Outcome> Terminate(Engine& engine, SignalParams params) {
  return Signal(engine, std::move(params), WorkerState::kTerminate);
}

}  // namespace

std::string_view Name(WorkerState state) {
  switch (state) {
    case WorkerState::kRunning: return "running";
    case WorkerState::kQuiet: return "quiet";
    case WorkerState::kTerminate: return "terminate";
  }
  return "running";
}

std::vector<api::Method> WorkerMethods(ApiServices& services) {
  return {
      EngineMethod<ListWorkers>("jobs_workers", api::Effect::kReads, services,
                                {.summary = "Who works: those that were heard of in the last minute.",
                                 .params = R"({"type": "object", "properties": {}})",
                                 .result = kWorkersResult}),
      EngineMethod<Quiet>("jobs_worker_quiet", api::Effect::kChangesState, services,
                          {.summary = "Give a worker no more jobs; it is told when it next beats.",
                           .params = kSignalParams,
                           .result = kSignalResult}),
      EngineMethod<Terminate>("jobs_worker_terminate", api::Effect::kChangesState, services,
                              {.summary = "Tell a worker to end, when it next beats.",
                               .params = kSignalParams,
                               .result = kSignalResult}),
  };
}

}  // namespace tidemill::jobs
