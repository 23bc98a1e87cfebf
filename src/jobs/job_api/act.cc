#include "jobs/job_api/act.h"

#include <fmt/format.h>

#include <string>

#include "jobs/job_api/jid_params.h"
#include "jobs/job_api/job_json.h"

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

// What has done its part in memory: whether it is kept.
template <class T>
Task<api::Outcome> Kept(Engine& engine, Result<T> done, std::string result) {
  if (!done) co_return std::unexpected(FailureOf(done.error()));
  if (const Result<> kept = co_await engine.Committed(); !kept) {
    co_return std::unexpected(FailureOf(kept.error()));
  }
  co_return result;
}

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

ApiResult<BulkAction> ActionOf(BulkAction::Action what, BulkParams params) {
  BulkAction action{.action = what, .jids = std::move(params.jids), .filter = {}};
  action.filter = {.queue = std::move(params.queue),
                   .type = std::move(params.jobtype),
                   .contains = std::move(params.contains)};
  if (params.state == "dead") {
    action.place = Place::kDead;
  } else if (params.state == "retry" || params.state == "scheduled") {
    action.place = Place::kLater;
    action.wait = params.state == "retry" ? Wait::kRetry : Wait::kScheduled;
  } else {
    return std::unexpected(OutOfRange("state", "one of dead, retry, scheduled"));
  }
  if (action.jids.size() > kJidsMax) {
    return std::unexpected(
        api::Failure(protocol::kErrorLimitExceeded, fmt::format("\"jids\" has at most {}", kJidsMax)));
  }
  const JobFilter& filter = action.filter;
  const bool narrowed =
      !action.jids.empty() || !filter.queue.empty() || !filter.type.empty() || !filter.contains.empty();
  if (narrowed == params.all) {
    return std::unexpected(
        api::Failure(protocol::kErrorBadRequest, narrowed ? R"("all" stands alone, without a filter)"
                                                          : R"(no filter: "all":true means all of them)"));
  }
  return action;
}

Task<api::Outcome> Apply(Engine& engine, ApiResult<BulkAction> action) {
  if (!action) co_return std::unexpected(std::move(action.error()));
  const Result<std::size_t> count = co_await engine.Apply(*std::move(action));
  if (!count) co_return std::unexpected(FailureOf(count.error()));
  co_return co_await Kept(engine, count, CountText(*count));
}

Task<api::Outcome> Redrive(Engine& engine, BulkParams params) {
  if (params.state.empty()) params.state = "dead";
  return Apply(engine, ActionOf(BulkAction::Action::kRequeue, std::move(params)));
}

Task<api::Outcome> Discard(Engine& engine, BulkParams params) {
  if (params.state.empty()) params.refused = Missing("state");
  return Apply(engine, ActionOf(BulkAction::Action::kDiscard, std::move(params)));
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
      EngineMethod<Discard>("jobs_discard", kChanges, services,
                            {.summary = "Drop many jobs for good.",
                             .params = kDiscardParams,
                             .result = kCountResult,
                             .schemas = {kSelectionSchema}}),
  };
}

}  // namespace tidemill::jobs
