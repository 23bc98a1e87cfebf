#include "jobs/job_api/look.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "jobs/job_api/jid_params.h"
#include "jobs/job_api/job_json.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

constexpr int kListMax = 1000;
// Of jobs that are worked on, looked through for one page.
constexpr std::size_t kLookedThroughMax = 10'000;

constexpr std::string_view kListParams = R"json({
  "type": "object",
  "properties": {
    "state": {"enum": ["queued", "scheduled", "retry", "blocked", "working", "dead"]},
    "queue": {"type": "string"},
    "jobtype": {"type": "string"},
    "jid": {"type": "string"},
    "contains": {"type": "string", "description": "A piece of the job's JSON, which has no blanks."},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
    "cursor": {"type": "string", "description": "A page's next: what comes after that page."}
  },
  "required": ["state"],
  "examples": [{"state": "dead", "queue": "mail", "limit": 20}]
})json";

constexpr std::string_view kListResult = R"json({
  "type": "object",
  "properties": {
    "jobs": {"type": "array", "items": {"$ref": "#/components/schemas/JobView"}},
    "next": {"type": "string", "description": "Where the next page begins. Left out: this is the last."}
  },
  "required": ["jobs"]
})json";

constexpr std::string_view kCountsResult = R"json({
  "type": "object",
  "properties": {
    "enqueued": {"type": "integer", "description": "That may run now, in all queues."},
    "scheduled": {"type": "integer", "description": "At a time, or when what they wait for has come."},
    "retries": {"type": "integer"},
    "working": {"type": "integer"},
    "dead": {"type": "integer"},
    "workers": {"type": "integer"},
    "processed": {"type": "integer", "description": "Acknowledged and failed, since the store was made."},
    "failures": {"type": "integer"}
  }
})json";

struct ListParams : Params {
  std::string state;
  std::string queue;
  std::string jobtype;
  std::string jid;
  std::string contains;
  std::string cursor;
  int limit = 100;
};
constexpr Member<ListParams> kListMembers[] = {
    Required<&ListParams::state>("state"),       Optional<&ListParams::queue>("queue"),
    Optional<&ListParams::jobtype>("jobtype"),   Optional<&ListParams::jid>("jid"),
    Optional<&ListParams::contains>("contains"), Optional<&ListParams::cursor>("cursor"),
    Optional<&ListParams::limit>("limit"),
};
void Read(JsonReader& json, ListParams& params) { ReadMembers(json, params, kListMembers); }

// Where the jobs of a state lie.
struct State {
  std::string_view name;
  Place place = Place::kReady;
  std::optional<Wait> wait = std::nullopt;
};
constexpr State kStates[] = {
    {"queued", Place::kReady},
    {"scheduled", Place::kLater, Wait::kScheduled},
    {"retry", Place::kLater, Wait::kRetry},
    {"blocked", Place::kLater, Wait::kBlocked},
    {"dead", Place::kDead},
};

bool Matches(const JobView& view, const ListParams& params) {
  return (params.queue.empty() || view.job.queue == params.queue) &&
         (params.jobtype.empty() || view.job.type == params.jobtype) &&
         (params.jid.empty() || view.job.jid == params.jid) && view.job.text.contains(params.contains);
}

Task<api::Outcome> ListWorking(Engine& engine, ListParams params) {
  std::size_t at = 0;
  const char* const end = params.cursor.data() + params.cursor.size();
  if (!params.cursor.empty() && std::from_chars(params.cursor.data(), end, at).ptr != end) {
    co_return std::unexpected(OutOfRange("cursor", "a page's next"));
  }
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Key("jobs");
  json.BeginArray();
  const auto limit = static_cast<std::size_t>(params.limit);
  std::size_t found = 0;
  std::size_t looked = 0;
  bool more = true;
  while (more && found < limit && looked < kLookedThroughMax) {
    const std::vector<JobView> views = engine.Working(at, limit);
    more = views.size() == limit;
    for (const JobView& view : views) {
      if (found == limit) {
        more = true;
        break;
      }
      ++at;
      ++looked;
      if (!Matches(view, params)) continue;
      WriteJobView(view, json);
      ++found;
    }
    if (engine.loop().ShareSpent()) co_await net::NextTurn(engine.loop());
  }
  json.EndArray();
  if (more) json.Member("next", fmt::to_string(at));
  json.EndObject();
  co_return result;
}

Task<api::Outcome> List(Engine& engine, ListParams params) {
  if (params.limit < 1 || params.limit > kListMax) {
    co_return std::unexpected(OutOfRange("limit", fmt::format("1 to {}", kListMax)));
  }
  if (params.state == "working") co_return co_await ListWorking(engine, std::move(params));
  const auto* const state = std::ranges::find(kStates, params.state, &State::name);
  if (state == std::end(kStates)) {
    co_return std::unexpected(OutOfRange("state", "one of queued, scheduled, retry, blocked, working, dead"));
  }
  const Result<JobPage> page = co_await engine.List({.place = state->place,
                                                     .filter = {.queue = std::move(params.queue),
                                                                .type = std::move(params.jobtype),
                                                                .jid = std::move(params.jid),
                                                                .contains = std::move(params.contains),
                                                                .wait = state->wait},
                                                     .cursor = std::move(params.cursor),
                                                     .count = static_cast<std::size_t>(params.limit)});
  if (!page) co_return std::unexpected(FailureOf(page.error()));
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Key("jobs");
  json.BeginArray();
  for (const JobPage::Item& item : page->items) {
    WriteJobItem(state->place, item, json);
    if (engine.loop().ShareSpent()) co_await net::NextTurn(engine.loop());
  }
  json.EndArray();
  if (!page->next.empty()) json.Member("next", page->next);
  json.EndObject();
  co_return result;
}

Task<api::Outcome> Get(Engine& engine, JidParams params) {
  const Result<JobView> view = co_await engine.Find(std::move(params.jid));
  if (!view) co_return std::unexpected(FailureOf(view.error()));
  if (view->state == JobState::kUnknown) {
    co_return std::unexpected(api::Failure(api::kErrorNotFound, "there is no such job"));
  }
  std::string result;
  JsonWriter json(result);
  WriteJobView(*view, json);
  co_return result;
}

Task<api::Outcome> CountJobs(Engine& engine, NoParams) {
  if (const auto problem = engine.problem()) {
    co_return std::unexpected(api::Failure(api::kErrorUnavailable, *problem));
  }
  const Counts counts = engine.counts();
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Member("enqueued", counts.enqueued);
  json.Member("scheduled", counts.scheduled);
  json.Member("retries", counts.retries);
  json.Member("working", counts.working);
  json.Member("dead", counts.dead);
  json.Member("workers", counts.workers);
  json.Member("processed", counts.processed);
  json.Member("failures", counts.failures);
  json.EndObject();
  co_return result;
}

}  // namespace

std::vector<api::Method> LookMethods(ApiServices& services) {
  return {
      EngineMethod<Get>("jobs_get", api::Effect::kReads, services,
                        {.summary = "What is known of a job.",
                         .details = "A job that has ended is known only for a while, and if custom.track "
                                    "asked for it or it is dead. Error 104: it is not known.",
                         .params = kJidParamsSchema,
                         .result = R"({"$ref": "#/components/schemas/JobView"})",
                         .schemas = {kJobViewSchema, kJobStateSchema, kJobSchema}}),
      EngineMethod<List>("jobs_list", api::Effect::kReads, services,
                         {.summary = "Jobs in a state, page by page.",
                          .details = "A filter looks through ten times as many jobs as a page has at most: "
                                     "a page may have fewer, and a next.",
                          .params = kListParams,
                          .result = kListResult,
                          .schemas = {kJobViewSchema, kJobStateSchema, kJobSchema}}),
      EngineMethod<CountJobs>("jobs_counts", api::Effect::kReads, services,
                              {.summary = "How many jobs there are in each state.",
                               .params = R"({"type": "object", "properties": {}})",
                               .result = kCountsResult}),
  };
}

}  // namespace tidemill::jobs
