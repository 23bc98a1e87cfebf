#include "cli/jobs/jobs_cron.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "cli/jobs/job_options.h"
#include "cli/jobs/jobs_call.h"
#include "cli/jobs/jobs_tables.h"
#include "cli/table.h"

namespace tidemill::cli {
namespace {

struct ListOptions {
  ApiOptions api;
  std::string cursor;
};

struct NameOptions {
  ApiOptions api;
  std::string name;
};

struct AddOptions {
  ApiOptions api;
  std::string name;
  std::string schedule;
  std::string zone = "UTC";
  std::string overlap = "allow";
  std::string catch_up = "coalesce";
  bool disabled = false;
  JobOptions job;
};

struct NextOptions {
  ApiOptions api;
  std::string schedule;
  std::string zone = "UTC";
  std::string count = "10";
};

struct ScheduleRow {
  std::string name;
  std::string schedule;
  std::string zone;
  std::string type;
  std::string next;  // RFC 3339; "": none
  bool enabled = true;
  bool paused = false;
  bool configured = false;
};

std::string ReadType(JsonReader& json) {
  std::string type;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "jobtype") type = json.ReadString();
  }
  return type;
}

std::vector<std::string> ReadTimes(JsonReader& json) {
  std::vector<std::string> times;
  json.EnterArray();
  while (json.NextElement()) times.push_back(json.ReadString());
  return times;
}

ScheduleRow ReadScheduleRow(JsonReader& json) {
  ScheduleRow row;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "name") row.name = json.ReadString();
    if (*key == "schedule") row.schedule = json.ReadString();
    if (*key == "zone") row.zone = json.ReadString();
    if (*key == "job") row.type = ReadType(json);
    if (*key == "enabled") row.enabled = json.ReadBool();
    if (*key == "paused") row.paused = json.ReadBool();
    if (*key == "configured") row.configured = json.ReadBool();
    if (*key != "next") continue;
    const std::vector<std::string> times = ReadTimes(json);
    if (!times.empty()) row.next = times.front();
  }
  return row;
}

Result<std::string> SchedulesToText(std::string_view result) {
  Table table({{"NAME"}, {"TYPE"}, {"STATE"}, {"NEXT"}, {"FROM"}, {"ZONE"}, {"SCHEDULE"}});
  std::string next;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "next") next = json.ReadString();
    if (*key != "schedules") continue;
    json.EnterArray();
    while (json.NextElement()) {
      const ScheduleRow row = ReadScheduleRow(json);
      table.Add({row.name, row.type,
                 !row.enabled ? "disabled"
                 : row.paused ? "paused"
                              : "on",
                 row.next.empty() ? "-" : Since(row.next), row.configured ? "config" : "api", row.zone,
                 row.schedule});
    }
  }
  TM_TRY(json.Finish());
  return WithMore(table, "no schedules\n", next);
}

Result<std::string> NextToText(std::string_view result) {
  std::string text;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "in_words") text = Printable(json.ReadString()) + "\n";
    if (*key != "next") continue;
    for (const std::string& time : ReadTimes(json))
      text += fmt::format("{}  {}\n", Printable(time), Since(time));
  }
  TM_TRY(json.Finish());
  return text;
}

int List(const ListOptions& options, Io io) {
  const std::string params = JobParams([&](JsonWriter& json) {
    json.Member("next", 1);
    if (!options.cursor.empty()) json.Member("cursor", options.cursor);
  });
  return CallJobs(options.api, "jobs_schedules", params, SchedulesToText, io);
}

int Add(const AddOptions& options, Io io) {
  if (const std::string wrong = Check(options.job); !wrong.empty()) return Misused(io, wrong);
  const std::string params = JobParams([&](JsonWriter& json) {
    json.Member("name", options.name);
    json.Member("schedule", options.schedule);
    json.Member("zone", options.zone);
    json.Member("overlap", options.overlap);
    json.Member("catch_up", options.catch_up);
    json.Member("enabled", !options.disabled);
    json.Key("job");
    json.BeginObject();
    WriteJobMembers(options.job, json);
    json.EndObject();
  });
  const auto to_text = [&](std::string_view) -> Result<std::string> {
    return fmt::format("set {}\n", Printable(options.name));
  };
  return CallJobs(options.api, "jobs_schedule_set", params, to_text, io);
}

int Next(const NextOptions& options, Io io) {
  const std::optional<std::int64_t> count = ToWhole(options.count, 1);
  if (!count || *count > 100)
    return Misused(io, fmt::format("--count: \"{}\" is not 1 to 100", options.count));
  const std::string params = JobParams([&](JsonWriter& json) {
    json.Member("schedule", options.schedule);
    json.Member("zone", options.zone);
    json.Member("count", *count);
  });
  return CallJobs(options.api, "jobs_schedule_next", params, NextToText, io);
}

struct NamedCommand {
  std::string_view name;
  std::string_view help;
  std::string_view examples;
  std::string_view method;
  std::string_view done;                                       // "paused", said with the name
  Result<std::string> (*to_text)(std::string_view) = nullptr;  // null: `done` is all there is to say
};

CommandSpec MakeNamed(const NamedCommand& command) {
  const auto options = std::make_shared<NameOptions>();
  const auto run = [options, command](Io io) {
    const auto params = JobParams([&](JsonWriter& json) { json.Member("name", options->name); });
    const auto said = [&](std::string_view) -> Result<std::string> {
      return fmt::format("{} {}\n", command.done, Printable(options->name));
    };
    if (command.to_text) return CallJobs(options->api, command.method, params, command.to_text, io);
    return CallJobs(options->api, command.method, params, said, io);
  };
  return {.name = command.name,
          .help = command.help,
          .examples = command.examples,
          .parameters = WithApiParameters({{"NAME", &options->name, "The schedule's name"}}, options->api),
          .settings = &options->api.settings,
          .run = run};
}

CommandSpec ListCommand() {
  const auto options = std::make_shared<ListOptions>();
  return {
      .name = "list",
      .help = "Lists the schedules, and when each fires next",
      .examples = "  tidemill jobs cron list\n",
      .parameters = WithApiParameters(
          {{"--cursor", &options->cursor, "Where the page before said that there are more"}}, options->api),
      .settings = &options->api.settings,
      .run = [options](Io io) { return List(*options, io); }};
}

CommandSpec AddCommand() {
  const auto options = std::make_shared<AddOptions>();
  std::vector<Parameter> parameters = {
      {"NAME", &options->name, "Its name; one that is there takes over what is said now"},
      {"SCHEDULE", &options->schedule, "When: \"30 3 * * MON-FRI\", @daily, \"@every 90s\""},
      {"TYPE", &options->job.type, "What is to be done"},
      {.name = "ARG",
       .value = &options->job.args,
       .help = "With what: JSON, or else a text",
       .optional = true},
      {"--zone", &options->zone, "The time zone: an IANA name, like Europe/Berlin"},
      {.name = "--overlap",
       .value = &options->overlap,
       .help = "When the job before is not done: one more, none, or in its place",
       .choices = {"allow", "skip", "replace"}},
      {.name = "--catch-up",
       .value = &options->catch_up,
       .help = "For times that passed while no node ran: no job, one for all, or each",
       .choices = {"none", "coalesce", "all"}},
      {"--disabled", &options->disabled, "It is there, and pushes nothing by itself"}};
  std::ranges::move(JobParameters(options->job), std::back_inserter(parameters));
  return {.name = "add",
          .help = "Pushes a job again and again",
          .examples =
              "  tidemill jobs cron add nightly '30 3 * * MON-FRI' report daily --zone Europe/Berlin\n"
              "  tidemill jobs cron add poll '@every 90s' poll --overlap skip\n",
          .parameters = WithApiParameters(std::move(parameters), options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return Add(*options, io); }};
}

CommandSpec NextCommand() {
  const auto options = std::make_shared<NextOptions>();
  return {.name = "next",
          .help = "Says when a schedule would fire, without setting one",
          .examples = "  tidemill jobs cron next '*/15 9-17 * * MON-FRI' --zone America/New_York\n",
          .parameters = WithApiParameters({{"SCHEDULE", &options->schedule, "When"},
                                           {"--zone", &options->zone, "The time zone: an IANA name"},
                                           {"--count", &options->count, "So many times, 1 to 100"}},
                                          options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return Next(*options, io); }};
}

}  // namespace

CommandSpec JobsCronCommand() {
  return {.name = "cron",
          .help = "Lists, sets, pauses and runs what is pushed again and again",
          .commands = {ListCommand(),
                       MakeNamed({.name = "show",
                                  .help = "Shows a schedule, and when it fires next",
                                  .examples = "  tidemill jobs cron show nightly\n",
                                  .method = "jobs_schedule",
                                  .done = "",
                                  .to_text = MembersToText}),
                       AddCommand(),
                       MakeNamed({.name = "remove",
                                  .help = "Drops a schedule; the jobs that it has pushed stay",
                                  .examples = "  tidemill jobs cron remove nightly\n",
                                  .method = "jobs_schedule_remove",
                                  .done = "removed"}),
                       MakeNamed({.name = "pause",
                                  .help = "Lets a schedule fire no more until it is resumed",
                                  .examples = "  tidemill jobs cron pause nightly\n",
                                  .method = "jobs_schedule_pause",
                                  .done = "paused"}),
                       MakeNamed({.name = "resume",
                                  .help = "Lets a paused schedule fire again, from now on",
                                  .examples = "  tidemill jobs cron resume nightly\n",
                                  .method = "jobs_schedule_resume",
                                  .done = "resumed"}),
                       MakeNamed({.name = "run",
                                  .help = "Pushes a schedule's job now, beside its times",
                                  .examples = "  tidemill jobs cron run nightly\n",
                                  .method = "jobs_schedule_run",
                                  .done = "",
                                  .to_text = PushedToText}),
                       NextCommand()}};
}

}  // namespace tidemill::cli
