#include "jobs/job_api/batches.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "jobs/batches/batch.h"
#include "jobs/job_api/job_json.h"
#include "jobs/job_api/kept.h"
#include "jobs/job_api/parse_job.h"

namespace tidemill::jobs {
namespace {

constexpr int kBatchPageMax = 1000;

constexpr std::string_view kBidParams = R"json({
  "type": "object",
  "properties": {"bid": {"type": "string", "description": "The batch's id."}},
  "required": ["bid"],
  "examples": [{"bid": "b-QcFLwPsYLWuCbrJHmAkTxzyv"}]
})json";

constexpr std::string_view kNewParams = R"json({
  "type": "object",
  "properties": {
    "description": {"type": "string"},
    "parent": {"type": "string", "description": "A batch that waits for this one."},
    "complete": {"$ref": "#/components/schemas/Job", "description": "Pushed when all jobs have run once."},
    "success": {"$ref": "#/components/schemas/Job", "description": "Pushed when all jobs are done."}
  },
  "examples": [{"description": "import", "success": {"jobtype": "report", "args": [7]}}]
})json";

constexpr std::string_view kNewResult = R"json({
  "type": "object",
  "properties": {"bid": {"type": "string", "description": "For custom.bid of its jobs."}},
  "required": ["bid"]
})json";

constexpr api::Schema kBatchSchema{"JobBatch", R"json({
  "type": "object",
  "properties": {
    "bid": {"type": "string"},
    "parent": {"type": "string"},
    "description": {"type": "string"},
    "created_at": {"type": "string", "format": "date-time"},
    "committed": {"type": "boolean", "description": "Its callbacks may come."},
    "total": {"type": "integer", "description": "Its own jobs; those of its children count there."},
    "pending": {"type": "integer", "description": "Those that are not acknowledged."},
    "failed": {"type": "integer", "description": "Of these: have failed, or are dead or gone."},
    "children": {"type": "integer"},
    "complete": {"enum": ["pending", "enqueued", "given_up", "succeeded"]},
    "success": {"enum": ["pending", "enqueued", "given_up", "succeeded"]}
  },
  "required": ["bid"]
})json"};

constexpr std::string_view kListBatchesParams = R"json({
  "type": "object",
  "properties": {
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
    "cursor": {"type": "string", "description": "A page's next: what comes after that page."}
  }
})json";

constexpr std::string_view kListBatchesResult = R"json({
  "type": "object",
  "properties": {
    "batches": {"type": "array", "items": {"$ref": "#/components/schemas/JobBatch"}},
    "next": {"type": "string"}
  },
  "required": ["batches"]
})json";

struct BidParams : Params {
  std::string bid;
};
constexpr Member<BidParams> kBidMembers[] = {Required<&BidParams::bid>("bid")};
void Read(JsonReader& json, BidParams& params) { ReadMembers(json, params, kBidMembers); }

struct NewBatchParams : Params {
  std::string description;
  std::string parent;
  RawJson complete;
  RawJson success;
};
constexpr Member<NewBatchParams> kNewBatchMembers[] = {
    Optional<&NewBatchParams::description>("description"),
    Optional<&NewBatchParams::parent>("parent"),
    Optional<&NewBatchParams::complete>("complete"),
    Optional<&NewBatchParams::success>("success"),
};
void Read(JsonReader& json, NewBatchParams& params) { ReadMembers(json, params, kNewBatchMembers); }

struct ListBatchesParams : Params {
  std::string cursor;
  int limit = 100;
};
constexpr Member<ListBatchesParams> kListBatchesMembers[] = {
    Optional<&ListBatchesParams::cursor>("cursor"),
    Optional<&ListBatchesParams::limit>("limit"),
};
void Read(JsonReader& json, ListBatchesParams& params) { ReadMembers(json, params, kListBatchesMembers); }

void WriteBatch(const Batch& batch, JsonWriter& json) {
  json.BeginObject();
  json.Member("bid", batch.bid);
  if (!batch.parent.empty()) json.Member("parent", batch.parent);
  if (!batch.description.empty()) json.Member("description", batch.description);
  WriteTime("created_at", batch.created_at, json);
  json.Member("committed", batch.is_committed);
  json.Member("total", batch.counts.total);
  json.Member("pending", batch.counts.pending);
  json.Member("failed", batch.counts.failed);
  json.Member("children", batch.children);
  if (batch.complete) json.Member("complete", Name(batch.complete->state));
  if (batch.success) json.Member("success", Name(batch.success->state));
  json.EndObject();
}

Task<api::Outcome> NewBatch(Engine& engine, NewBatchParams params) {
  BatchDefinition definition{.description = std::move(params.description),
                             .parent = std::move(params.parent),
                             .complete = {},
                             .success = {}};
  for (const auto& [raw, job] :
       {std::pair(&params.complete, &definition.complete), std::pair(&params.success, &definition.success)}) {
    if (raw->text.empty()) continue;
    ApiResult<job::Job> parsed = ParseWithJid(raw->text);
    if (!parsed) co_return std::unexpected(std::move(parsed.error()));
    job->emplace(*std::move(parsed));
  }
  const Result<std::string> bid = engine.NewBatch(std::move(definition));
  const std::string result = bid ? fmt::format(R"({{"bid":"{}"}})", *bid) : "";
  co_return co_await Kept(engine, bid, result);
}

Task<api::Outcome> OpenBatch(Engine& engine, BidParams params) {
  return Kept(engine, engine.OpenBatch(params.bid), "{}");
}

Task<api::Outcome> CommitBatch(Engine& engine, BidParams params) {
  return Kept(engine, engine.CommitBatch(params.bid), "{}");
}

Task<api::Outcome> FindBatch(Engine& engine, BidParams params) {
  const Result<Batch> batch = engine.FindBatch(params.bid);
  if (!batch) co_return std::unexpected(FailureOf(batch.error()));
  std::string result;
  JsonWriter json(result);
  WriteBatch(*batch, json);
  co_return result;
}

Task<api::Outcome> ListBatches(Engine& engine, ListBatchesParams params) {
  if (params.limit < 1 || params.limit > kBatchPageMax) {
    co_return std::unexpected(OutOfRange("limit", fmt::format("1 to {}", kBatchPageMax)));
  }
  if (const auto problem = engine.problem()) {
    co_return std::unexpected(api::Failure(api::kErrorUnavailable, *problem));
  }
  const auto limit = static_cast<std::size_t>(params.limit);
  const std::vector<Batch> batches = engine.ListBatches(params.cursor, limit);
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Key("batches");
  json.BeginArray();
  for (const Batch& batch : batches) WriteBatch(batch, json);
  json.EndArray();
  if (batches.size() == limit) json.Member("next", batches.back().bid);
  json.EndObject();
  co_return result;
}

}  // namespace

std::vector<api::Method> BatchMethods(ApiServices& services) {
  constexpr api::Effect kChanges = api::Effect::kChangesState;
  return {
      EngineMethod<NewBatch>("jobs_batch_new", kChanges, services,
                             {.summary = "Make a batch: jobs with callbacks when all of them are through.",
                              .details = "Its jobs name it in custom.bid. Callbacks come after "
                                         "jobs_batch_commit.",
                              .params = kNewParams,
                              .result = kNewResult,
                              .schemas = {kJobSchema}}),
      EngineMethod<OpenBatch>(
          "jobs_batch_open", kChanges, services,
          {.summary = "Hold the callbacks of a batch back until the next commit.", .params = kBidParams}),
      EngineMethod<CommitBatch>(
          "jobs_batch_commit", kChanges, services,
          {.summary = "All jobs of the batch are pushed: its callbacks may come.", .params = kBidParams}),
      EngineMethod<FindBatch>("jobs_batch", api::Effect::kReads, services,
                              {.summary = "How far a batch is.",
                               .params = kBidParams,
                               .result = R"({"$ref": "#/components/schemas/JobBatch"})",
                               .schemas = {kBatchSchema}}),
      EngineMethod<ListBatches>("jobs_batches", api::Effect::kReads, services,
                                {.summary = "All batches, page by page.",
                                 .params = kListBatchesParams,
                                 .result = kListBatchesResult,
                                 .schemas = {kBatchSchema}}),
  };
}

}  // namespace tidemill::jobs
