#include "jobs/job_api/act.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>

#include "jobs/job_api/jid_params.h"
#include "jobs/job_api/job_json.h"
#include "jobs/job_api/kept.h"

namespace tidemill::jobs {
namespace {

constexpr std::size_t kJidsMax = 10'000;

constexpr std::string_view kCancelResult = R"json({
  "type": "object",
  "properties": {
    "was": {"$ref": "#/components/schemas/JobState", "description": "What it was in before."}
  }
})json";

constexpr api::Schema kSelectionSchema{"JobSelection", R"json({
  "type": "object",
  "description": "Which jobs: those of jids, or those that all of the filters admit; all says that
none is meant.",
  "properties": {
    "jids": {"type": "array", "items": {"type": "string"}, "maxItems": 10000},
    "queue": {"type": "string"},
    "jobtype": {"type": "string"},
    "contains": {"type": "string", "description": "A piece of the job's JSON, which has no blanks."},
    "all": {"type": "boolean"}
  }
})json"};

constexpr std::string_view kRedriveParams = R"json({
  "allOf": [
    {"$ref": "#/components/schemas/JobSelection"},
    {
      "type": "object",
      "properties": {"state": {"enum": ["dead", "retry", "scheduled"], "default": "dead"}}
    }
  ],
  "examples": [{"jobtype": "email"}, {"all": true}]
})json";

constexpr std::string_view kDiscardParams = R"json({
  "allOf": [
    {"$ref": "#/components/schemas/JobSelection"},
    {
      "type": "object",
      "properties": {"state": {"enum": ["dead", "retry", "scheduled"]}},
      "required": ["state"]
    }
  ],
  "examples": [{"state": "dead", "queue": "mail"}]
})json";

constexpr std::string_view kKillManyParams = R"json({
  "allOf": [
    {"$ref": "#/components/schemas/JobSelection"},
    {
      "type": "object",
      "properties": {"state": {"enum": ["queued", "scheduled", "retry", "blocked"]}},
      "required": ["state"]
    }
  ],
  "examples": [{"state": "retry", "jobtype": "email"}]
})json";

constexpr std::string_view kCancelManyParams = R"json({
  "allOf": [
    {"$ref": "#/components/schemas/JobSelection"},
    {
      "type": "object",
      "properties": {"state": {"enum": ["queued", "scheduled", "retry", "blocked", "working"]}},
      "required": ["state"]
    }
  ],
  "examples": [{"state": "queued", "queue": "mail"}]
})json";

constexpr std::string_view kCountResult = R"json({
  "type": "object",
  "properties": {"count": {"type": "integer", "description": "How many jobs it was done with."}},
  "required": ["count"]
})json";

struct BulkParams : Params {
  std::string state;
  std::vector<std::string> jids;
  std::string queue;
  std::string jobtype;
  std::string contains;
  bool all = false;
};
constexpr Member<BulkParams> kBulkMembers[] = {
    Optional<&BulkParams::state>("state"),       Optional<&BulkParams::jids>("jids"),
    Optional<&BulkParams::queue>("queue"),       Optional<&BulkParams::jobtype>("jobtype"),
    Optional<&BulkParams::contains>("contains"), Optional<&BulkParams::all>("all"),
};
void Read(JsonReader& json, BulkParams& params) { ReadMembers(json, params, kBulkMembers); }

std::string CountText(std::size_t count) { return fmt::format(R"({{"count":{}}})", count); }

Task<api::Outcome> Retry(Engine& engine, JidParams params) {
  const Result<> done = co_await engine.Retry(std::move(params.jid));
  co_return co_await Kept(engine, done, "{}");
}

Task<api::Outcome> Kill(Engine& engine, JidParams params) {
  const Result<> done = co_await engine.Kill(std::move(params.jid));
  co_return co_await Kept(engine, done, "{}");
}

Task<api::Outcome> Cancel(Engine& engine, JidParams params) {
  const Result<JobState> was = co_await engine.Cancel(std::move(params.jid));
  if (!was) co_return std::unexpected(FailureOf(was.error()));
  co_return co_await Kept(engine, was, fmt::format(R"({{"was":"{}"}})", Name(*was)));
}

// Where the jobs of a state lie.
struct StatePlace {
  std::string_view name;
  Place place = Place::kReady;
  std::optional<Wait> wait = std::nullopt;
};
constexpr StatePlace kDeadPlace{"dead", Place::kDead};
constexpr StatePlace kRetryPlace{"retry", Place::kLater, Wait::kRetry};
constexpr StatePlace kScheduledPlace{"scheduled", Place::kLater, Wait::kScheduled};
constexpr StatePlace kBlockedPlace{"blocked", Place::kLater, Wait::kBlocked};
constexpr StatePlace kQueuedPlace{"queued", Place::kReady};

// What can be redriven and discarded; killed; and cancelled, beside those that workers have.
constexpr StatePlace kKept[] = {kDeadPlace, kRetryPlace, kScheduledPlace};
constexpr StatePlace kWaiting[] = {kQueuedPlace, kScheduledPlace, kRetryPlace, kBlockedPlace};

// What is wrong with the choice of jobs; nullopt: nothing.
std::optional<api::Failure> WrongSelection(const BulkParams& params) {
  if (params.jids.size() > kJidsMax) {
    return api::Failure(protocol::kErrorLimitExceeded, fmt::format("\"jids\" has at most {}", kJidsMax));
  }
  const bool narrowed =
      !params.jids.empty() || !params.queue.empty() || !params.jobtype.empty() || !params.contains.empty();
  if (narrowed != params.all) return std::nullopt;
  return api::Failure(protocol::kErrorBadRequest, narrowed ? R"("all" stands alone, without a filter)"
                                                           : R"(no filter: "all":true means all of them)");
}

JobFilter FilterOf(BulkParams& params) {
  return {.queue = std::move(params.queue),
          .type = std::move(params.jobtype),
          .contains = std::move(params.contains)};
}

ApiResult<BulkAction> ActionOf(BulkAction::Action what, std::span<const StatePlace> places,
                               BulkParams params) {
  const auto place = std::ranges::find(places, params.state, &StatePlace::name);
  if (place == places.end()) {
    std::string names = "one of";
    for (const StatePlace& each : places) names += fmt::format(" {},", each.name);
    names.pop_back();
    return std::unexpected(OutOfRange("state", names));
  }
  if (auto wrong = WrongSelection(params)) return std::unexpected(*std::move(wrong));
  return BulkAction{.action = what,
                    .place = place->place,
                    .wait = place->wait,
                    .jids = std::move(params.jids),
                    .filter = FilterOf(params)};
}

Task<api::Outcome> Apply(Engine& engine, ApiResult<BulkAction> action) {
  if (!action) co_return std::unexpected(std::move(action.error()));
  const Result<std::size_t> count = co_await engine.Apply(*std::move(action));
  co_return co_await Kept(engine, count, CountText(count.value_or(0)));
}

Task<api::Outcome> Redrive(Engine& engine, BulkParams params) {
  if (params.state.empty()) params.state = kDeadPlace.name;
  return Apply(engine, ActionOf(BulkAction::Action::kRequeue, kKept, std::move(params)));
}

Task<api::Outcome> Discard(Engine& engine, BulkParams params) {
  return Apply(engine, ActionOf(BulkAction::Action::kDiscard, kKept, std::move(params)));
}

Task<api::Outcome> KillMany(Engine& engine, BulkParams params) {
  return Apply(engine, ActionOf(BulkAction::Action::kKill, kWaiting, std::move(params)));
}

Task<api::Outcome> CancelWorking(Engine& engine, BulkParams params) {
  if (auto wrong = WrongSelection(params)) co_return std::unexpected(*std::move(wrong));
  JobFilter filter = FilterOf(params);
  const Result<std::size_t> count = co_await engine.CancelWorking(std::move(params.jids), std::move(filter));
  if (!count) co_return std::unexpected(FailureOf(count.error()));
  co_return CountText(*count);
}

Task<api::Outcome> CancelMany(Engine& engine, BulkParams params) {
  if (params.state == "working") return CancelWorking(engine, std::move(params));
  return Apply(engine, ActionOf(BulkAction::Action::kDiscard, kWaiting, std::move(params)));
}

}  // namespace

std::vector<api::Method> ActMethods(ApiServices& services) {
  constexpr api::Effect kChanges = api::Effect::kChangesState;
  return {
      EngineMethod<Retry>("jobs_retry", kChanges, services,
                          {.summary = "Run a job now that waits for its time or its retry, or is dead.",
                           .params = kJidParamsSchema}),
      EngineMethod<Cancel>("jobs_cancel", kChanges, services,
                           {.summary = "Take a job back.",
                            .details = "One that has not begun is removed; the worker of one that has is "
                                       "told when it next reports progress or beats.",
                            .params = kJidParamsSchema,
                            .result = kCancelResult,
                            .schemas = {kJobStateSchema}}),
      EngineMethod<Kill>("jobs_kill", kChanges, services,
                         {.summary = "Put a job that waits among the dead.", .params = kJidParamsSchema}),
      EngineMethod<Redrive>("jobs_redrive", kChanges, services,
                            {.summary = "Put many jobs, dead ones above all, back into their queues.",
                             .params = kRedriveParams,
                             .result = kCountResult,
                             .schemas = {kSelectionSchema}}),
      EngineMethod<KillMany>("jobs_kill_many", kChanges, services,
                             {.summary = "Put many jobs that wait among the dead.",
                              .params = kKillManyParams,
                              .result = kCountResult,
                              .schemas = {kSelectionSchema}}),
      EngineMethod<CancelMany>("jobs_cancel_many", kChanges, services,
                               {.summary = "Take many jobs back.",
                                .details = "Those that have not begun are removed; the workers of those that "
                                           "have (state working) are told.",
                                .params = kCancelManyParams,
                                .result = kCountResult,
                                .schemas = {kSelectionSchema}}),
      EngineMethod<Discard>("jobs_discard", kChanges, services,
                            {.summary = "Drop many jobs for good.",
                             .params = kDiscardParams,
                             .result = kCountResult,
                             .schemas = {kSelectionSchema}}),
  };
}

}  // namespace tidemill::jobs
