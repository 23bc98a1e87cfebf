#include "cli/jobs/jobs_act.h"

#include <fmt/format.h>

#include <memory>

#include "cli/jobs/jobs_call.h"

namespace tidemill::cli {
namespace {

struct EachOptions {
  ApiOptions api;
  std::vector<std::string> jids;
};

struct ManyOptions {
  ApiOptions api;
  std::string state = "dead";
  std::vector<std::string> jids;
  std::string queue;
  std::string type;
  std::string contains;
  bool all = false;
};

struct EachCommand {
  std::string_view name;
  std::string_view help;
  std::string_view examples;
  std::string_view method;
  std::string_view done;
};

CommandSpec MakeEach(const EachCommand& command) {
  const auto options = std::make_shared<EachOptions>();
  return {.name = command.name,
          .help = command.help,
          .examples = command.examples,
          .parameters = WithApiParameters({{"JID", &options->jids, "The jobs' ids"}}, options->api),
          .settings = &options->api.settings,
          .run = [options, method = command.method, done = command.done](Io io) {
            return CallForEach(options->api, method, options->jids, done, io);
          }};
}

bool Narrows(const ManyOptions& options) {
  return !options.jids.empty() || !options.queue.empty() || !options.type.empty() ||
         !options.contains.empty();
}

void WriteSelection(const ManyOptions& options, JsonWriter& json) {
  json.Member("state", options.state);
  if (!options.jids.empty()) {
    json.Key("jids");
    json.BeginArray();
    for (const std::string& jid : options.jids) json.String(jid);
    json.EndArray();
  }
  if (!options.queue.empty()) json.Member("queue", options.queue);
  if (!options.type.empty()) json.Member("jobtype", options.type);
  if (!options.contains.empty()) json.Member("contains", options.contains);
  if (options.all) json.Member("all", true);
}

int ActOnMany(const ManyOptions& options, std::string_view method, std::string_view done, Io io) {
  if (options.all && Narrows(options)) return Misused(io, "--all stands alone, without a filter or a JID");
  if (!options.all && !Narrows(options)) {
    return Misused(io, "which jobs? Give their ids, --queue, --type or --contains; --all is all of them");
  }
  const auto to_text = [done](std::string_view result) -> Result<std::string> {
    std::uint64_t count = 0;
    JsonReader json(result);
    json.EnterObject();
    while (const auto key = json.NextKey()) {
      if (*key == "count") count = json.ReadInteger<std::uint64_t>();
    }
    TM_TRY(json.Finish());
    return fmt::format("{} {} job{}\n", done, count, count == 1 ? "" : "s");
  };
  return CallJobs(options.api, method, JobParams([&](JsonWriter& json) { WriteSelection(options, json); }),
                  to_text, io);
}

std::vector<Parameter> ManyParameters(ManyOptions& options) {
  return WithApiParameters({{.name = "JID", .value = &options.jids, .help = "These jobs", .optional = true},
                            {.name = "--state",
                             .value = &options.state,
                             .help = "Of which: dead, retry or scheduled",
                             .choices = {"dead", "retry", "scheduled"}},
                            {"--queue", &options.queue, "Those of this queue"},
                            {"--type", &options.type, "Those of this type"},
                            {"--contains", &options.contains, "Those in whose JSON this stands"},
                            {"--all", &options.all, "All of them"}},
                           options.api);
}

}  // namespace

CommandSpec JobsRetryCommand() {
  return MakeEach({.name = "retry",
                   .help = "Runs jobs now that wait for a retry or their time, or are dead",
                   .examples = "  tidemill jobs retry QcFLwPsYLWuCbrJHmAkTxzyv\n",
                   .method = "jobs_retry",
                   .done = "retried"});
}

CommandSpec JobsCancelCommand() {
  return MakeEach({.name = "cancel",
                   .help = "Takes jobs back; the worker of one that runs is told",
                   .examples = "  tidemill jobs cancel QcFLwPsYLWuCbrJHmAkTxzyv\n",
                   .method = "jobs_cancel",
                   .done = "cancelled"});
}

CommandSpec JobsKillCommand() {
  return MakeEach({.name = "kill",
                   .help = "Puts jobs that wait among the dead",
                   .examples = "  tidemill jobs kill QcFLwPsYLWuCbrJHmAkTxzyv\n",
                   .method = "jobs_kill",
                   .done = "killed"});
}

CommandSpec JobsRedriveCommand() {
  const auto options = std::make_shared<ManyOptions>();
  return {.name = "redrive",
          .help = "Puts many dead jobs back into their queues",
          .examples =
              "  tidemill jobs redrive --type email\n"
              "  tidemill jobs redrive --all\n",
          .parameters = ManyParameters(*options),
          .settings = &options->api.settings,
          .run = [options](Io io) { return ActOnMany(*options, "jobs_redrive", "put back", io); }};
}

CommandSpec JobsDiscardCommand() {
  const auto options = std::make_shared<ManyOptions>();
  return {.name = "discard",
          .help = "Drops many jobs for good, dead ones if nothing else is said",
          .examples =
              "  tidemill jobs discard --queue mail\n"
              "  tidemill jobs discard --state retry --type email\n",
          .parameters = ManyParameters(*options),
          .settings = &options->api.settings,
          .run = [options](Io io) { return ActOnMany(*options, "jobs_discard", "dropped", io); }};
}

}  // namespace tidemill::cli
