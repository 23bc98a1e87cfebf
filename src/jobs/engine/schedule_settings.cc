#include "jobs/engine/schedule_settings.h"

#include "base/json.h"
#include "config/section.h"
#include "jobs/cron/schedule.h"
#include "jobs/cron/zone.h"
#include "jobs/job/custom.h"
#include "jobs/job/job.h"

namespace tidemill::jobs {
namespace {

constexpr std::string_view kOverlaps[] = {"allow", "skip", "replace"};
constexpr std::string_view kCatchUps[] = {"none", "coalesce", "all"};
constexpr std::string_view kUntil[] = {"success", "start"};
constexpr std::size_t kTablesMax = 10'000;

constexpr config::Row<ScheduleSettings> kSchedule[] = {
    {"schedule",
     config::Of<&ScheduleSettings::schedule>,
     {.doc =
          "When: five or six fields (\"30 3 * * MON-FRI\", the second first), \"@daily\", \"@every 90s\"."}},
    {"zone",
     config::Of<&ScheduleSettings::zone>,
     {.doc = "The time zone that it is meant in: an IANA name, like \"Europe/Berlin\"."}},
    {"queue", config::Of<&ScheduleSettings::queue>, {.doc = "The queue that the jobs come into."}},
    {"type", config::Of<&ScheduleSettings::type>, {.doc = "The jobs' type."}},
    {"args", config::Of<&ScheduleSettings::args>, {.doc = "The jobs' arguments."}},
    {"retry",
     config::Of<&ScheduleSettings::retry>,
     {.doc = "How often a job that fails is tried again; 0: it is discarded, -1: it is dead at once.",
      .min = -1,
      .max = job::kRetryMax}},
    {"reserve_for",
     config::Of<&ScheduleSettings::reserve_for>,
     {.doc = "How long a worker may take.", .min = job::kReserveMin.ms, .max = job::kReserveMax.ms}},
    {"priority",
     config::Of<&ScheduleSettings::priority>,
     {.doc = "9 goes first within the queue.", .min = 1, .max = 9}},
    {"unique_for",
     config::Of<&ScheduleSettings::unique_for>,
     {.doc = "So long no second job of the same queue, type and arguments is pushed; 0: it may be.",
      .max = job::kUniqueForMax.ms}},
    {"unique_until",
     config::Of<&ScheduleSettings::unique_until>,
     {.doc = "What ends that sooner.", .choices = kUntil}},
    {"custom", config::Of<&ScheduleSettings::custom>, {.doc = "What the jobs carry in their member custom."}},
    {"overlap",
     config::Of<&ScheduleSettings::overlap>,
     {.doc =
          "When the job before is not done: \"allow\" pushes one more, \"skip\" none, \"replace\" takes the "
          "one before back.",
      .choices = kOverlaps}},
    {"catch_up",
     config::Of<&ScheduleSettings::catch_up>,
     {.doc = "What is pushed for times that passed while no node ran: \"none\", one job for all of them "
             "(\"coalesce\"), or \"all\".",
      .choices = kCatchUps}},
    {"enabled",
     config::Of<&ScheduleSettings::enabled>,
     {.doc = "false: it is there, and pushes nothing by itself."}},
};

constexpr config::Row<FaktoryScheduleSettings> kFaktorySchedule[] = {
    {"schedule",
     config::Of<&FaktoryScheduleSettings::schedule>,
     {.doc = "Faktory's: when, in UTC; as jobs.cron.<name>.schedule."}},
    {"job.type",
     config::Of<&FaktoryScheduleSettings::type>,
     {.doc = "Faktory's: the jobs' type, which names the schedule as well."}},
    {"job.queue",
     config::Of<&FaktoryScheduleSettings::queue>,
     {.doc = "Faktory's: the queue that the jobs come into."}},
    {"job.args", config::Of<&FaktoryScheduleSettings::args>, {.doc = "Faktory's: the jobs' arguments."}},
    {"job.retry",
     config::Of<&FaktoryScheduleSettings::retry>,
     {.doc = "Faktory's: how often a job that fails is tried again; 0: it is discarded, -1: it is dead at "
             "once.",
      .min = -1,
      .max = job::kRetryMax}},
    {"job.reserve_for",
     config::Of<&FaktoryScheduleSettings::reserve_for>,
     {.doc = "Faktory's, in seconds: how long a worker may take.",
      .min = job::kReserveMin.ms / 1000,
      .max = job::kReserveMax.ms / 1000}},
    {"job.backtrace",
     config::Of<&FaktoryScheduleSettings::backtrace>,
     {.doc = "Faktory's: lines of a failure's backtrace; 50 are kept, whatever it says.", .max = 1000}},
    {"job.custom",
     config::Of<&FaktoryScheduleSettings::custom>,
     {.doc = "Faktory's: what the jobs carry in their member custom."}},
};

// The members of an object, without its braces.
std::string_view MembersOf(const config::JsonObject& object) {
  std::string_view members(object.text);
  members = members.substr(members.find('{') + 1);
  return members.substr(0, members.rfind('}'));
}

std::string CustomOf(const ScheduleSettings& settings) {
  if (settings.unique_for <= Duration()) return settings.custom.text;
  std::string custom = R"({"unique_for":)";
  AppendSigned((settings.unique_for.ms + 999) / 1000, custom);
  custom += R"(,"unique_until":)";
  AppendJsonString(settings.unique_until, custom);
  const std::string_view members = MembersOf(settings.custom);
  if (members.find_first_not_of(" \t\r\n") != members.npos) custom.append(",").append(members);
  return custom + "}";
}

void CheckWhen(const std::string& schedule, const std::string& zone, const std::string& prefix,
               config::Findings& findings) {
  if (const auto read = cron::ParseSchedule(schedule); !read) {
    findings.push_back(
        {.key = prefix + "schedule", .text = schedule.empty() ? ": is missing" : ": " + read.error().detail});
  }
  if (const auto loaded = cron::Zone::Load(zone); !loaded) {
    findings.push_back({.key = prefix + "zone", .text = ": " + loaded.error().detail});
  }
}

void CheckJob(const ScheduleSpec& spec, const std::string& type_key, const std::string& args_key,
              config::Findings& findings) {
  const auto text = WithJid(spec.job, "schedule-of-it");
  const auto read = text ? job::ParseJob(*text, WallTime{}) : std::unexpected(text.error());
  if (!read) findings.push_back({.key = type_key, .text = ": " + read.error().detail});
  if (const auto size = CheckSize(spec); !size) {
    findings.push_back({.key = args_key, .text = ": " + size.error().detail});
  }
}

}  // namespace

ScheduleSpec SpecOf(std::string_view name, const ScheduleSettings& settings) {
  ScheduleSpec spec{.name = std::string(name),
                    .schedule = settings.schedule,
                    .zone = settings.zone,
                    .overlap = settings.overlap,
                    .catch_up = settings.catch_up,
                    .job = {},
                    .enabled = settings.enabled,
                    .is_configured = true};
  JsonWriter json(spec.job);
  json.BeginObject();
  json.Member("jobtype", settings.type);
  json.Member("queue", settings.queue);
  json.RawMember("args", settings.args.text);
  json.Member("retry", settings.retry);
  json.Member("reserve_for", settings.reserve_for.ms / 1000);
  if (settings.priority != job::kPriorityDefault) json.Member("priority", settings.priority);
  if (const std::string custom = CustomOf(settings); custom != "{}") json.RawMember("custom", custom);
  json.EndObject();
  return spec;
}

ScheduleSpec SpecOf(std::string_view name, const FaktoryScheduleSettings& settings) {
  ScheduleSpec spec{
      .name = std::string(name), .schedule = settings.schedule, .job = {}, .is_configured = true};
  JsonWriter json(spec.job);
  json.BeginObject();
  json.Member("jobtype", settings.type);
  json.Member("queue", settings.queue);
  json.RawMember("args", settings.args.text);
  json.Member("retry", settings.retry);
  json.Member("reserve_for", settings.reserve_for);
  if (settings.backtrace > 0) json.Member("backtrace", settings.backtrace);
  if (settings.custom.text != "{}") json.RawMember("custom", settings.custom.text);
  json.EndObject();
  return spec;
}

void Check(const ScheduleSettings& settings, const std::string& prefix, config::Findings& findings) {
  CheckWhen(settings.schedule, settings.zone, prefix, findings);
  CheckJob(SpecOf("", settings), prefix + "type", prefix + "args", findings);
}

void Check(const FaktoryScheduleSettings& settings, const std::string& prefix, config::Findings& findings) {
  CheckWhen(settings.schedule, "UTC", prefix, findings);
  CheckJob(SpecOf("", settings), prefix + "job.type", prefix + "job.args", findings);
}

config::NamedTables<ScheduleSettings> ScheduleTables() {
  return {.key = "jobs.cron",
          .noun = "schedule",
          .example_name = "nightly-report",
          .fill_example =
              [](ScheduleSettings& schedule) {
                schedule.schedule = "30 3 * * MON-FRI";
                schedule.type = "report";
              },
          .section = {.rows = kSchedule, .check = Check},
          .tables_max = kTablesMax};
}

config::NamedTables<FaktoryScheduleSettings> FaktoryScheduleTables() {
  return {.key = "cron",
          .noun = "schedule of Faktory",
          .example_name = "HourlyReport",
          .fill_example =
              [](FaktoryScheduleSettings& schedule) {
                schedule.schedule = "12 * * * *";
                schedule.type = "HourlyReport";
              },
          .section = {.rows = kFaktorySchedule, .check = Check},
          .tables_max = kTablesMax,
          .name_from = "job.type"};
}

}  // namespace tidemill::jobs
