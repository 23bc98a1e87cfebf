#include "jobs/job_api/push.h"

#include <fmt/format.h>

#include <iterator>
#include <string>

#include "api/errors.h"
#include "jobs/job_api/job_json.h"
#include "jobs/job_api/parse_job.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

constexpr std::size_t kBulkJobsMax = 10'000;

constexpr std::string_view kJidResult = R"json({
  "type": "object",
  "properties": {"jid": {"type": "string"}},
  "required": ["jid"]
})json";

constexpr std::string_view kBulkParams = R"json({
  "type": "object",
  "properties": {
    "jobs": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}, "maxItems": 10000}
  },
  "required": ["jobs"],
  "examples": [{"jobs": [{"jobtype": "email", "args": ["ann"]}, {"jobtype": "email", "args": ["bob"]}]}]
})json";

constexpr std::string_view kBulkResult = R"json({
  "type": "object",
  "properties": {
    "jobs": {
      "type": "array",
      "description": "What became of each, in their order.",
      "items": {
        "type": "object",
        "properties": {
          "jid": {"type": "string"},
          "error": {"$ref": "#/components/schemas/Error", "description": "It was not taken."}
        }
      }
    }
  }
})json";

struct PushParams : Params {
  std::string text;  // the job
};

struct BulkParams : Params {
  std::vector<std::string> texts;
};

void Read(JsonReader& json, PushParams& params) { params.text = json.ReadRaw(); }

void ReadValue(JsonReader& json, std::vector<std::string>& texts) {
  json.EnterArray();
  while (json.NextElement()) {
    const std::string_view text = json.ReadRaw();
    if (texts.size() <= kBulkJobsMax) texts.emplace_back(text);
  }
}

void Read(JsonReader& json, BulkParams& params) {
  bool seen = false;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "jobs") {
      ReadValue(json, params.texts);
      seen = true;
    } else if (!params.refused) {
      params.refused = api::UnknownField(*key, std::to_array<std::string_view>({"jobs"}));
    }
  }
  if (!seen && !params.refused) params.refused = Missing("jobs");
  if (params.texts.size() > kBulkJobsMax) {
    params.refused = {protocol::kErrorLimitExceeded, fmt::format("\"jobs\" has at most {}", kBulkJobsMax)};
  }
}

struct OneJob {
  job::Job job;
};

Task<ApiResult<bool>> PushOne(Engine& engine, OneJob one) {
  if (const auto pushed = engine.Push(std::move(one.job)); !pushed) {
    co_return std::unexpected(FailureOf(pushed.error()));
  }
  if (const Result<> kept = co_await engine.Committed(); !kept) {
    co_return std::unexpected(FailureOf(kept.error()));
  }
  co_return true;
}

Task<api::Outcome> Push(ApiServices& services, PushParams params) {
  ApiResult<job::Job> job = ParseWithJid(params.text);
  if (!job) co_return std::unexpected(std::move(job.error()));
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Member("jid", job->jid);
  json.EndObject();
  const ApiResult<bool> pushed = co_await services.door.Run(PushOne, OneJob{*std::move(job)});
  if (!pushed) co_return std::unexpected(pushed.error());
  co_return result;
}

// What becomes of one of many.
struct Each {
  job::Job job;
  std::optional<api::Failure> refused;
};
using Many = std::vector<Each>;

Task<ApiResult<Many>> PushMany(Engine& engine, Many many) {
  for (Each& each : many) {
    if (each.refused) continue;
    const std::string jid = each.job.jid;
    if (const auto pushed = engine.Push(std::exchange(each.job, {.jid = jid})); !pushed) {
      each.refused = FailureOf(pushed.error());
    }
    if (engine.loop().ShareSpent()) co_await net::NextTurn(engine.loop());
  }
  if (const Result<> kept = co_await engine.Committed(); !kept) {
    co_return std::unexpected(FailureOf(kept.error()));
  }
  co_return many;
}

std::string ResultOf(const Many& many) {
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Key("jobs");
  json.BeginArray();
  for (const Each& each : many) {
    json.BeginObject();
    if (!each.job.jid.empty()) json.Member("jid", each.job.jid);
    if (each.refused) {
      std::string error;
      AppendErrorObject(*each.refused, error);
      json.RawMember("error", error);
    }
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return result;
}

Task<api::Outcome> PushBulk(ApiServices& services, BulkParams params) {
  if (params.refused) co_return std::unexpected(*std::move(params.refused));
  Many many;
  many.reserve(params.texts.size());
  net::Loop& loop = *net::Loop::Current();
  for (std::string& text : params.texts) {
    ApiResult<job::Job> job = ParseWithJid(text);
    many.push_back(job ? Each{.job = *std::move(job), .refused = {}}
                       : Each{.job = {}, .refused = std::move(job.error())});
    std::string().swap(text);
    if (loop.ShareSpent()) co_await net::NextTurn(loop);
  }
  const ApiResult<Many> pushed = co_await services.door.Run(PushMany, std::move(many));
  if (!pushed) co_return std::unexpected(pushed.error());
  co_return ResultOf(*pushed);
}

}  // namespace

std::vector<api::Method> PushMethods(ApiServices& services) {
  return {
      api::MakeMethod("jobs_push", api::Effect::kChangesState, services, Push,
                      {.summary = "Push a job. When it is answered the job is kept.",
                       .details = "Error 114: an equal job is there already (custom.unique_for).",
                       .params = R"json({
                         "$ref": "#/components/schemas/Job",
                         "examples": [{"jobtype": "email", "args": ["ann@example.com"], "queue": "mail"}]
                       })json",
                       .result = kJidResult,
                       .schemas = {kJobSchema}}),
      api::MakeMethod("jobs_push_bulk", api::Effect::kChangesState, services, PushBulk,
                      {.summary = "Push up to 10,000 jobs. Those that are refused keep no other away.",
                       .params = kBulkParams,
                       .result = kBulkResult,
                       .schemas = {kJobSchema}}),
  };
}

}  // namespace tidemill::jobs
