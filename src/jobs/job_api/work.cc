#include "jobs/job_api/work.h"

#include <fmt/format.h>

#include <cmath>
#include <string>

#include "jobs/job/value.h"
#include "jobs/job_api/jid_params.h"
#include "jobs/job_api/job_json.h"
#include "jobs/job_api/work_schemas.h"
#include "jobs/job_api/workers.h"

namespace tidemill::jobs {
namespace {

constexpr std::size_t kKeptBytesMax = job::kValueBytesMax;  // of a result, of a checkpoint
constexpr std::size_t kLogLinesMax = 100;                   // of one report
constexpr std::size_t kLabelsMax = 32;

struct AckParams : Params {
  std::string jid;
  RawJson result;
};
constexpr Member<AckParams> kAckMembers[] = {
    Required<&AckParams::jid>("jid"),
    Optional<&AckParams::result>("result"),
};

struct FailParams : Params {
  std::string jid;
  std::string errtype;
  std::string message;
  std::vector<std::string> backtrace;
};
constexpr Member<FailParams> kFailMembers[] = {
    Required<&FailParams::jid>("jid"),
    Optional<&FailParams::errtype>("errtype"),
    Optional<&FailParams::message>("message"),
    Optional<&FailParams::backtrace>("backtrace"),
};

struct ProgressParams : Params {
  std::string jid;
  std::optional<int> percent;
  std::optional<std::string> desc;
  std::optional<double> reserve_for;
  RawJson checkpoint;
  std::vector<std::string> log;
};
constexpr Member<ProgressParams> kProgressMembers[] = {
    Required<&ProgressParams::jid>("jid"),
    Optional<&ProgressParams::percent>("percent"),
    Optional<&ProgressParams::desc>("desc"),
    Optional<&ProgressParams::reserve_for>("reserve_for"),
    Optional<&ProgressParams::checkpoint>("checkpoint"),
    Optional<&ProgressParams::log>("log"),
};

struct BeatParams : Params {
  std::string worker;
  std::string hostname;
  std::int64_t pid = 0;
  std::vector<std::string> labels;
  std::int64_t rss_kb = -1;  // it does not say
  std::string state;
};
constexpr Member<BeatParams> kBeatMembers[] = {
    Required<&BeatParams::worker>("worker"), Optional<&BeatParams::hostname>("hostname"),
    Optional<&BeatParams::pid>("pid"),       Optional<&BeatParams::labels>("labels"),
    Optional<&BeatParams::rss_kb>("rss_kb"), Optional<&BeatParams::state>("state"),
};

api::Failure TooLarge(std::string_view name) {
  return {protocol::kErrorLimitExceeded, fmt::format("\"{}\" has at most {} bytes", name, kKeptBytesMax)};
}

void Read(JsonReader& json, AckParams& params) {
  ReadMembers(json, params, kAckMembers);
  if (!params.refused && params.result.text.size() > kKeptBytesMax) params.refused = TooLarge("result");
}

void Read(JsonReader& json, FailParams& params) { ReadMembers(json, params, kFailMembers); }

void Read(JsonReader& json, ProgressParams& params) {
  ReadMembers(json, params, kProgressMembers);
  if (params.refused) return;
  if (params.percent && (*params.percent < 0 || *params.percent > 100)) {
    params.refused = OutOfRange("percent", "0 to 100");
  } else if (params.reserve_for && !(*params.reserve_for > 0 && *params.reserve_for <= 86'400)) {
    params.refused = OutOfRange("reserve_for", "a number of seconds up to 86400");
  } else if (params.checkpoint.text.size() > kKeptBytesMax) {
    params.refused = TooLarge("checkpoint");
  } else if (params.log.size() > kLogLinesMax) {
    params.refused = OutOfRange("log", fmt::format("at most {} lines", kLogLinesMax));
  }
}

void Read(JsonReader& json, BeatParams& params) {
  ReadMembers(json, params, kBeatMembers);
  if (params.refused) return;
  if (!IsWorkerId(params.worker)) params.refused = WrongWorkerId();
  if (!params.state.empty() && params.state != "quiet" && params.state != "terminate") {
    params.refused = OutOfRange("state", "quiet or terminate");
  }
  if (params.labels.size() > kLabelsMax) {
    params.refused = OutOfRange("labels", fmt::format("at most {} strings", kLabelsMax));
  }
}

std::string ResultOf(const Fetched& fetched) {
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Key("jobs");
  json.BeginArray();
  for (const FetchedJob& job : fetched.jobs) {
    json.BeginObject();
    json.RawMember("job", job.text);
    json.Member("attempt", job.attempt);
    WriteTime("reserved_until", job.until, json);
    json.EndObject();
  }
  json.EndArray();
  if (fetched.state != WorkerState::kRunning) json.Member("state", Name(fetched.state));
  json.EndObject();
  return result;
}

Task<api::Outcome> FetchJobs(ApiServices& services, FetchParams params) {
  if (params.refused) co_return std::unexpected(*std::move(params.refused));
  const ApiResult<Fetched> fetched = co_await services.door.Fetch(std::move(params));
  if (!fetched) co_return std::unexpected(fetched.error());
  co_return ResultOf(*fetched);
}

template <class T>
Task<api::Outcome> Done(Engine& engine, Result<T> done) {
  if (!done) co_return std::unexpected(FailureOf(done.error()));
  if (const Result<> kept = co_await engine.Committed(); !kept) {
    co_return std::unexpected(FailureOf(kept.error()));
  }
  co_return "{}";
}

// Spawned where they run: what they do in memory is done before anything else can.
Task<api::Outcome> Ack(Engine& engine, AckParams params) {
  if (engine.MayBeOrphan(params.jid)) {
    co_return co_await Done(engine,
                            co_await engine.AckOrphan(std::move(params.jid), std::move(params.result.text)));
  }
  const Result<> acknowledged = engine.Ack(params.jid, std::move(params.result.text));
  if (acknowledged && engine.answers_acks_at_once()) co_return "{}";
  co_return co_await Done(engine, acknowledged);
}

Task<api::Outcome> FailJob(Engine& engine, FailParams params) {
  job::ErrorReport error{.type = std::move(params.errtype),
                         .message = std::move(params.message),
                         .backtrace = std::move(params.backtrace)};
  if (engine.MayBeOrphan(params.jid)) {
    co_return co_await Done(engine, co_await engine.FailOrphan(std::move(params.jid), std::move(error)));
  }
  co_return co_await Done(engine, engine.Fail(params.jid, std::move(error)));
}

Task<api::Outcome> GiveBack(Engine& engine, JidParams params) {
  co_return co_await Done(engine, engine.GiveBack(params.jid));
}

Task<api::Outcome> ReportProgress(Engine& engine, ProgressParams params) {
  Track track{.percent = params.percent,
              .description = std::move(params.desc),
              .reserve_until = {},
              .checkpoint = std::move(params.checkpoint.text),
              .log = std::move(params.log)};
  if (params.reserve_for) {
    track.reserve_until =
        engine.loop().clock().WallNow() + Milliseconds(std::llround(*params.reserve_for * 1000));
  }
  const auto done = engine.SetTrack(params.jid, track);
  if (!done && done.error().code == Errc::kNotFound) {
    co_return co_await Done(engine, co_await engine.SetEndedTrack(std::move(params.jid), std::move(track)));
  }
  if (!done && done.error().code == Errc::kCancelled) co_return R"({"cancelled":true})";
  co_return co_await Done(engine, done);
}

Task<api::Outcome> Beat(Engine& engine, BeatParams params) {
  std::optional<WorkerState> says;
  if (params.state == "quiet") says = WorkerState::kQuiet;
  if (params.state == "terminate") says = WorkerState::kTerminate;
  Result<WorkerState> state = engine.Beat(params.worker, params.rss_kb, says);
  const bool is_unknown = !state && state.error().code == Errc::kNotFound;
  if (is_unknown || !params.hostname.empty() || params.pid != 0 || !params.labels.empty()) {
    WorkerInfo info{.wid = params.worker,
                    .hostname = std::move(params.hostname),
                    .pid = params.pid,
                    .labels = std::move(params.labels)};
    const Result<> added = engine.AddWorker(std::move(info));
    if (!added) co_return std::unexpected(FailureOf(added.error()));
    state = engine.Beat(params.worker, params.rss_kb, says);
  }
  if (!state) co_return std::unexpected(FailureOf(state.error()));
  co_return fmt::format(R"({{"state":"{}"}})", Name(*state));
}

api::Method FetchMethod(ApiServices& services) {
  api::Method method =
      api::MakeMethod("jobs_fetch", api::Effect::kReads, services, FetchJobs, FetchDescription());
  method.waits = true;
  return method;
}

}  // namespace

std::vector<api::Method> WorkMethods(ApiServices& services) {
  constexpr api::Effect kChanges = api::Effect::kChangesState;
  return {
      FetchMethod(services),
      EngineMethod<Ack>("jobs_ack", kChanges, services, AckDescription()),
      EngineMethod<FailJob>("jobs_fail", kChanges, services, FailDescription()),
      EngineMethod<GiveBack>("jobs_give_back", kChanges, services,
                             {.summary = "Put a fetched job back to the front of its queue.",
                              .details = "No failure is counted. Error 104: nobody has such a job.",
                              .params = kJidParamsSchema}),
      EngineMethod<ReportProgress>("jobs_progress", kChanges, services, ProgressDescription()),
      EngineMethod<Beat>("jobs_beat", kChanges, services, BeatDescription()),
  };
}

}  // namespace tidemill::jobs
