#include "jobs/job_api/schedules.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "jobs/cron/describe.h"
#include "jobs/cron/next.h"
#include "jobs/job/timestamp.h"
#include "jobs/job_api/job_json.h"
#include "jobs/job_api/kept.h"
#include "jobs/job_api/schedule_schemas.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

constexpr int kPageMax = 1000;
constexpr int kNextMax = 100;
constexpr std::size_t kPageBytes = 1 << 20;  // a page that has them gets no more

struct ListParams : Params {
  std::string cursor;
  int limit = 100;
  int next = 3;
};
constexpr Member<ListParams> kListMembers[] = {
    Optional<&ListParams::cursor>("cursor"),
    Optional<&ListParams::limit>("limit"),
    Optional<&ListParams::next>("next"),
};
void Read(JsonReader& json, ListParams& params) {
  ReadMembers(json, params, kListMembers);
  if (params.refused) return;
  if (params.limit < 1 || params.limit > kPageMax) {
    params.refused = OutOfRange("limit", fmt::format("1 to {}", kPageMax));
  } else if (params.next < 0 || params.next > kNextMax) {
    params.refused = OutOfRange("next", fmt::format("0 to {}", kNextMax));
  }
}

struct NameParams : Params {
  std::string name;
};
constexpr Member<NameParams> kNameMembers[] = {Required<&NameParams::name>("name")};
void Read(JsonReader& json, NameParams& params) { ReadMembers(json, params, kNameMembers); }

struct SetParams : Params {
  std::string name;
  std::string schedule;
  std::string zone = "UTC";
  std::string overlap = "allow";
  std::string catch_up = "coalesce";
  bool enabled = true;
  RawJson job;
};
constexpr Member<SetParams> kSetMembers[] = {
    Required<&SetParams::name>("name"),         Required<&SetParams::schedule>("schedule"),
    Optional<&SetParams::zone>("zone"),         Optional<&SetParams::overlap>("overlap"),
    Optional<&SetParams::catch_up>("catch_up"), Optional<&SetParams::enabled>("enabled"),
    Required<&SetParams::job>("job"),
};
void Read(JsonReader& json, SetParams& params) { ReadMembers(json, params, kSetMembers); }

struct NextParams : Params {
  std::string schedule;
  std::string zone = "UTC";
  int count = 10;
};
constexpr Member<NextParams> kNextMembers[] = {
    Required<&NextParams::schedule>("schedule"),
    Optional<&NextParams::zone>("zone"),
    Optional<&NextParams::count>("count"),
};
void Read(JsonReader& json, NextParams& params) {
  ReadMembers(json, params, kNextMembers);
  if (params.refused || (params.count >= 1 && params.count <= kNextMax)) return;
  params.refused = OutOfRange("count", fmt::format("1 to {}", kNextMax));
}

void WriteTimes(JsonName name, const std::vector<WallTime>& times, JsonWriter& json) {
  json.Key(name);
  json.BeginArray();
  for (const WallTime at : times) json.String(job::ToTimestamp(at));
  json.EndArray();
}

void WriteSchedule(const ScheduleView& view, JsonWriter& json) {
  json.BeginObject();
  json.Member("name", view.spec.name);
  json.Member("schedule", view.spec.schedule);
  json.Member("zone", view.spec.zone);
  json.Member("in_words", view.in_words);
  json.Member("overlap", view.spec.overlap);
  json.Member("catch_up", view.spec.catch_up);
  json.Member("enabled", view.spec.enabled);
  json.Member("paused", view.paused);
  json.Member("configured", view.spec.is_configured);
  json.RawMember("job", view.spec.job);
  if (view.fired_at) WriteTime("fired_at", *view.fired_at, json);
  if (!view.last_jid.empty()) json.Member("last_jid", view.last_jid);
  WriteTimes("next", view.next, json);
  json.EndObject();
}

Task<api::Outcome> ListSchedules(Engine& engine, ListParams params) {
  if (const auto problem = engine.problem()) {
    co_return std::unexpected(api::Failure(api::kErrorUnavailable, *problem));
  }
  constexpr std::size_t kAtOnce = 16;
  const auto limit = static_cast<std::size_t>(params.limit);
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Key("schedules");
  json.BeginArray();
  std::size_t found = 0;
  bool has_more = true;
  std::string last = std::move(params.cursor);
  while (has_more && found < limit && result.size() < kPageBytes) {
    const std::size_t asked = std::min(kAtOnce, limit - found);
    const auto views = engine.Schedules(last, asked, static_cast<std::size_t>(params.next));
    for (const ScheduleView& view : views) WriteSchedule(view, json);
    found += views.size();
    if (!views.empty()) last = views.back().spec.name;
    has_more = views.size() == asked;
    if (engine.loop().ShareSpent()) co_await net::NextTurn(engine.loop());
  }
  json.EndArray();
  if (has_more) json.Member("next", last);
  json.EndObject();
  co_return result;
}

Task<api::Outcome> ShowSchedule(Engine& engine, NameParams params) {
  if (const auto problem = engine.problem()) {
    co_return std::unexpected(api::Failure(api::kErrorUnavailable, *problem));
  }
  const std::optional<ScheduleView> view = engine.FindSchedule(params.name, 10);
  if (!view) {
    co_return std::unexpected(
        api::Failure(api::kErrorNotFound, fmt::format("there is no schedule {}", params.name)));
  }
  std::string result;
  JsonWriter json(result);
  WriteSchedule(*view, json);
  co_return result;
}

Task<api::Outcome> SetSchedule(Engine& engine, SetParams params) {
  const Result<> set = engine.SetSchedule({.name = std::move(params.name),
                                           .schedule = std::move(params.schedule),
                                           .zone = std::move(params.zone),
                                           .overlap = std::move(params.overlap),
                                           .catch_up = std::move(params.catch_up),
                                           .job = std::move(params.job.text),
                                           .enabled = params.enabled});
  return Kept(engine, set, "{}");
}

Task<api::Outcome> RemoveSchedule(Engine& engine, NameParams params) {
  return Kept(engine, engine.RemoveSchedule(params.name), "{}");
}

Task<api::Outcome> PauseSchedule(Engine& engine, NameParams params) {
  return Kept(engine, engine.PauseSchedule(params.name), "{}");
}

Task<api::Outcome> ResumeSchedule(Engine& engine, NameParams params) {
  return Kept(engine, engine.ResumeSchedule(params.name), "{}");
}

Task<api::Outcome> RunSchedule(Engine& engine, NameParams params) {
  const Result<std::string> jid = engine.RunSchedule(params.name);
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Member("jid", jid.value_or(""));
  json.EndObject();
  return Kept(engine, jid, std::move(result));
}

// Needs no store: nothing is kept of it.
Task<api::Outcome> ShowNext(Engine& engine, NextParams params) {
  const Result<cron::Schedule> schedule = cron::ParseSchedule(params.schedule);
  if (!schedule) co_return std::unexpected(FailureOf(schedule.error()));
  const Result<cron::Zone> zone = cron::Zone::Load(params.zone);
  if (!zone) co_return std::unexpected(api::Failure(protocol::kErrorBadRequest, zone.error().detail));
  std::vector<WallTime> times;
  auto after = std::optional(engine.loop().clock().WallNow());
  while (times.size() < static_cast<std::size_t>(params.count) &&
         (after = cron::Next(*schedule, *zone, *after))) {
    times.push_back(*after);
  }
  std::string result;
  JsonWriter json(result);
  json.BeginObject();
  json.Member("in_words", cron::Describe(*schedule, *zone));
  WriteTimes("next", times, json);
  json.EndObject();
  co_return result;
}

}  // namespace

std::vector<api::Method> ScheduleMethods(ApiServices& services) {
  constexpr api::Effect kChanges = api::Effect::kChangesState;
  return {
      EngineMethod<ListSchedules>("jobs_schedules", api::Effect::kReads, services,
                                  {.summary = "What is pushed again and again, by name, page by page.",
                                   .params = kSchedulesParams,
                                   .result = kSchedulesResult,
                                   .schemas = {kScheduleSchema, kJobSchema}}),
      EngineMethod<ShowSchedule>("jobs_schedule", api::Effect::kReads, services,
                                 {.summary = "A schedule, with when it fires next.",
                                  .params = kScheduleNameParams,
                                  .result = R"({"$ref": "#/components/schemas/JobSchedule"})",
                                  .schemas = {kScheduleSchema, kJobSchema}}),
      EngineMethod<SetSchedule>("jobs_schedule_set", kChanges, services,
                                {.summary = "Push a job again and again, at the times of a schedule.",
                                 .details = "Takes the place of one of that name. Error 103: it is of the "
                                            "configuration, and is changed there. Error 106: there are "
                                            "jobs.schedules_max, or its job has more than 64 KiB.",
                                 .params = kScheduleSetParams,
                                 .schemas = {kJobSchema}}),
      EngineMethod<RemoveSchedule>("jobs_schedule_remove", kChanges, services,
                                   {.summary = "Push no more jobs of a schedule; those pushed stay.",
                                    .details = "Error 103: it is of the configuration.",
                                    .params = kScheduleNameParams}),
      EngineMethod<PauseSchedule>(
          "jobs_schedule_pause", kChanges, services,
          {.summary = "Let a schedule fire no more until it is resumed.", .params = kScheduleNameParams}),
      EngineMethod<ResumeSchedule>(
          "jobs_schedule_resume", kChanges, services,
          {.summary = "Let a paused schedule fire again, from now on; what it has missed is left out.",
           .params = kScheduleNameParams}),
      EngineMethod<RunSchedule>("jobs_schedule_run", kChanges, services,
                                {.summary = "Push a schedule's job now, beside its times.",
                                 .params = kScheduleNameParams,
                                 .result = kScheduleRunResult}),
      EngineMethod<ShowNext>("jobs_schedule_next", api::Effect::kReads, services,
                             {.summary = "When a schedule would fire, without setting one.",
                              .params = kScheduleNextParams,
                              .result = kScheduleNextResult}),
  };
}

}  // namespace tidemill::jobs
