#include "cli/jobs/jobs_act.h"

#include <fmt/format.h>

#include <memory>

#include "cli/jobs/jobs_call.h"

namespace tidemill::cli {
namespace {

struct ManyOptions {
  ApiOptions api;
  std::string state;
  std::vector<std::string> jids;
  std::string queue;
  std::string type;
  std::string contains;
  bool all = false;
  bool yes = false;
};

bool Narrows(const ManyOptions& options) {
  return !options.queue.empty() || !options.type.empty() || !options.contains.empty();
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

Result<std::string> CountToText(std::string_view done, std::string_view result) {
  std::uint64_t count = 0;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "count") count = json.ReadInteger<std::uint64_t>();
  }
  TM_TRY(json.Finish());
  return fmt::format("{} {} job{}\n", done, count, count == 1 ? "" : "s");
}

// What a command does with jobs: those that are named, or those that a filter admits.
struct ManyCommand {
  std::string_view name;
  std::string_view help;
  std::string_view examples;
  std::string_view done;       // said of each, and with the count of many
  std::string_view each = {};  // the method for one job; empty: `many` takes ids as well
  std::string_view many;
  std::string_view state;  // of many, unless another is said
  std::vector<std::string_view> states;
};

// Of jobs that a filter finds, nobody has seen which they are.
int ActOnMany(const ManyOptions& options, const ManyCommand& command, Io io) {
  if (options.all && (Narrows(options) || !options.jids.empty())) {
    return Misused(io, "--all stands alone, without a filter or a JID");
  }
  if (!options.all && !Narrows(options)) {
    if (options.jids.empty()) {
      return Misused(io, "which jobs? Give their ids, --queue, --type or --contains; --all is all of them");
    }
    if (!command.each.empty()) return CallForEach(options.api, command.each, options.jids, command.done, io);
  } else if (!options.yes) {
    return Misused(io, fmt::format("{} takes all {} jobs that the filter admits: say --yes", command.name,
                                   options.state));
  }
  const auto to_text = [&](std::string_view result) { return CountToText(command.done, result); };
  return CallJobs(options.api, command.many,
                  JobParams([&](JsonWriter& json) { WriteSelection(options, json); }), to_text, io);
}

CommandSpec MakeMany(const ManyCommand& command) {
  const auto options = std::make_shared<ManyOptions>();
  options->state = command.state;
  return {.name = command.name,
          .help = command.help,
          .examples = command.examples,
          .parameters = WithApiParameters(
              {{.name = "JID", .value = &options->jids, .help = "These jobs", .optional = true},
               {.name = "--state",
                .value = &options->state,
                .help = "Of many: those in this state",
                .choices = command.states},
               {"--queue", &options->queue, "Those of this queue"},
               {"--type", &options->type, "Those of this type"},
               {"--contains", &options->contains, "Those in whose JSON this stands"},
               {"--all", &options->all, "All of them"},
               {"--yes", &options->yes, "Yes, all that the filter admits"}},
              options->api),
          .settings = &options->api.settings,
          .run = [options, command](Io io) { return ActOnMany(*options, command, io); }};
}

}  // namespace

CommandSpec JobsRetryCommand() {
  const auto options = std::make_shared<ManyOptions>();
  return {.name = "retry",
          .help = "Runs jobs now that wait for a retry or their time, or are dead",
          .examples = "  tidemill jobs retry QcFLwPsYLWuCbrJHmAkTxzyv\n",
          .parameters = WithApiParameters({{"JID", &options->jids, "The jobs' ids"}}, options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) {
            return CallForEach(options->api, "jobs_retry", options->jids, "retried", io);
          }};
}

CommandSpec JobsCancelCommand() {
  return MakeMany({.name = "cancel",
                   .help = "Takes jobs back; the worker of one that runs is told",
                   .examples = "  tidemill jobs cancel QcFLwPsYLWuCbrJHmAkTxzyv\n"
                               "  tidemill jobs cancel --state working --type report --yes\n",
                   .done = "cancelled",
                   .each = "jobs_cancel",
                   .many = "jobs_cancel_many",
                   .state = "queued",
                   .states = {"queued", "scheduled", "retry", "blocked", "working"}});
}

CommandSpec JobsKillCommand() {
  return MakeMany({.name = "kill",
                   .help = "Puts jobs that wait among the dead",
                   .examples = "  tidemill jobs kill QcFLwPsYLWuCbrJHmAkTxzyv\n"
                               "  tidemill jobs kill --state retry --queue mail --yes\n",
                   .done = "killed",
                   .each = "jobs_kill",
                   .many = "jobs_kill_many",
                   .state = "retry",
                   .states = {"queued", "scheduled", "retry", "blocked"}});
}

CommandSpec JobsRedriveCommand() {
  return MakeMany({.name = "redrive",
                   .help = "Puts many dead jobs back into their queues",
                   .examples = "  tidemill jobs redrive --type email --yes\n"
                               "  tidemill jobs redrive --all --yes\n",
                   .done = "put back",
                   .many = "jobs_redrive",
                   .state = "dead",
                   .states = {"dead", "retry", "scheduled"}});
}

CommandSpec JobsDiscardCommand() {
  return MakeMany({.name = "discard",
                   .help = "Drops many jobs for good, dead ones if nothing else is said",
                   .examples = "  tidemill jobs discard --queue mail --yes\n"
                               "  tidemill jobs discard --state retry --type email --yes\n",
                   .done = "dropped",
                   .many = "jobs_discard",
                   .state = "dead",
                   .states = {"dead", "retry", "scheduled"}});
}

}  // namespace tidemill::cli
