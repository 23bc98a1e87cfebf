#include "jobs/job_api/queues.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "jobs/job/names.h"
#include "jobs/job_api/job_json.h"
#include "jobs/job_api/kept.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

constexpr std::string_view kQueueParams = R"json({
  "type": "object",
  "properties": {"queue": {"type": "string", "pattern": "^[a-zA-Z0-9._-]+$"}},
  "required": ["queue"],
  "examples": [{"queue": "mail"}]
})json";

constexpr std::string_view kQueuesResult = R"json({
  "type": "object",
  "properties": {
    "queues": {
      "type": "array",
      "items": {
        "type": "object",
        "properties": {
          "name": {"type": "string"},
          "ready": {"type": "integer", "description": "Jobs that may run now."},
          "working": {"type": "integer", "description": "Jobs that workers have."},
          "later": {"type": "integer", "description": "Jobs that wait for their time or their retry."},
          "waiting_fetches": {"type": "integer", "description": "Workers that wait for a job."},
          "oldest": {
            "type": "string",
            "format": "date-time",
            "description": "When the job that is next was enqueued."
          },
          "latency_ms": {"type": "integer", "description": "How long ago that is."},
          "paused": {"type": "boolean"}
        },
        "required": ["name"]
      }
    }
  },
  "required": ["queues"]
})json";

constexpr std::string_view kRemovedResult = R"json({
  "type": "object",
  "properties": {"count": {"type": "integer", "description": "How many jobs were dropped with it."}},
  "required": ["count"]
})json";

struct QueueParams : Params {
  std::string queue;
};
constexpr Member<QueueParams> kQueueMembers[] = {Required<&QueueParams::queue>("queue")};

void Read(JsonReader& json, QueueParams& params) {
  ReadMembers(json, params, kQueueMembers);
  if (params.refused || job::IsQueueName(params.queue)) return;
  params.refused = OutOfRange("queue", "a name of letters, digits, and . _ -");
}

void WriteQueue(const QueueView& queue, WallTime now, JsonWriter& json) {
  json.BeginObject();
  json.Member("name", queue.name);
  json.Member("ready", queue.ready);
  json.Member("working", queue.working);
  json.Member("later", queue.later);
  json.Member("waiting_fetches", queue.waiting_fetches);
  if (queue.oldest) {
    WriteTime("oldest", *queue.oldest, json);
    json.Member("latency_ms", std::max<std::int64_t>(0, (now - *queue.oldest).ms));
  }
  json.Member("paused", queue.paused);
  json.EndObject();
}

Task<api::Outcome> ListQueues(Engine& engine, NoParams) {
  if (const auto problem = engine.problem()) {
    co_return std::unexpected(api::Failure(api::kErrorUnavailable, *problem));
  }
  std::vector<QueueView> queues = engine.Queues();
  std::ranges::sort(queues, {}, &QueueView::name);
  const WallTime now = engine.loop().clock().WallNow();
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Key("queues");
  json.BeginArray();
  for (const QueueView& queue : queues) {
    WriteQueue(queue, now, json);
    if (engine.loop().ShareSpent()) co_await net::NextTurn(engine.loop());
  }
  json.EndArray();
  json.EndObject();
  co_return result;
}

Task<api::Outcome> Act(Engine& engine, Result<> (Engine::*act)(std::string_view), std::string queue) {
  return Kept(engine, (engine.*act)(queue), "{}");
}

Task<api::Outcome> Pause(Engine& engine, QueueParams params) {
  return Act(engine, &Engine::Pause, std::move(params.queue));
}

Task<api::Outcome> Resume(Engine& engine, QueueParams params) {
  return Act(engine, &Engine::Resume, std::move(params.queue));
}

Task<api::Outcome> Remove(Engine& engine, QueueParams params) {
  const Result<std::size_t> count = co_await engine.RemoveQueue(std::move(params.queue));
  co_return co_await Kept(engine, count, fmt::format(R"({{"count":{}}})", count.value_or(0)));
}

}  // namespace

std::vector<api::Method> QueueMethods(ApiServices& services) {
  constexpr api::Effect kChanges = api::Effect::kChangesState;
  return {
      EngineMethod<ListQueues>("jobs_queues", api::Effect::kReads, services,
                               {.summary = "All queues, and how much waits in each.",
                                .params = R"({"type": "object", "properties": {}})",
                                .result = kQueuesResult}),
      EngineMethod<Pause>("jobs_queue_pause", kChanges, services,
                          {.summary = "Let a queue take jobs and give none.", .params = kQueueParams}),
      EngineMethod<Resume>("jobs_queue_resume", kChanges, services,
                           {.summary = "Let a paused queue give jobs again.", .params = kQueueParams}),
      EngineMethod<Remove>("jobs_queue_remove", kChanges, services,
                           {.summary = "Drop a queue with the jobs that wait in it.",
                            .params = kQueueParams,
                            .result = kRemovedResult}),
  };
}

}  // namespace tidemill::jobs
