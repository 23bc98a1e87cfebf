#include "cli/jobs/jobs_list.h"

#include <fmt/format.h>

#include <memory>

#include "cli/jobs/job_line.h"
#include "cli/jobs/jobs_call.h"
#include "cli/jobs/jobs_tables.h"
#include "cli/table.h"

namespace tidemill::cli {
namespace {

constexpr std::size_t kArgsShownBytesMax = 60;

struct ListOptions {
  ApiOptions api;
  std::string state = "queued";
  std::string queue;
  std::string type;
  std::string contains;
  std::string limit = "20";
  std::string cursor;
};

struct ShowOptions {
  ApiOptions api;
  std::string jid;
};

std::string Cut(std::string text) {
  if (text.size() > kArgsShownBytesMax) text = text.substr(0, kArgsShownBytesMax - 1) + "…";
  return text;
}

Result<std::string> ListToText(std::string_view result) {
  Table table({{"JID"}, {"TYPE"}, {"QUEUE"}, {"STATE"}, {"WHEN"}, {"ARGS"}});
  std::string next;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "next") next = json.ReadString();
    if (*key != "jobs") continue;
    json.EnterArray();
    while (json.NextElement()) {
      const JobLine job = ReadJobLine(json);
      table.Add({job.jid, job.type, job.queue, job.state, Since(job.at), Cut(job.args)});
    }
  }
  TM_TRY(json.Finish());
  return WithMore(table, "no jobs\n", next);
}

int List(const ListOptions& options, Io io) {
  const std::optional<std::int64_t> limit = ToWhole(options.limit, 1);
  if (!limit || *limit > 1000) {
    return Misused(io, fmt::format("--limit: \"{}\" is none; it is 1 to 1000", options.limit));
  }
  const std::string params = JobParams([&](JsonWriter& json) {
    json.Member("state", options.state);
    if (!options.queue.empty()) json.Member("queue", options.queue);
    if (!options.type.empty()) json.Member("jobtype", options.type);
    if (!options.contains.empty()) json.Member("contains", options.contains);
    if (!options.cursor.empty()) json.Member("cursor", options.cursor);
    json.Member("limit", *limit);
  });
  return CallJobs(options.api, "jobs_list", params, ListToText, io);
}

int Show(const ShowOptions& options, Io io) {
  return CallJobs(options.api, "jobs_get",
                  JobParams([&](JsonWriter& json) { json.Member("jid", options.jid); }), MembersToText, io);
}

}  // namespace

CommandSpec JobsListCommand() {
  const auto options = std::make_shared<ListOptions>();
  return {
      .name = "list",
      .help = "Lists the jobs in a state",
      .examples =
          "  tidemill jobs list queued --queue mail\n"
          "  tidemill jobs list dead --type email --limit 100\n",
      .parameters = WithApiParameters(
          {{.name = "STATE",
            .value = &options->state,
            .help = "queued, scheduled, retry, blocked, working or dead",
            .optional = true,
            .choices = {"queued", "scheduled", "retry", "blocked", "working", "dead"}},
           {"--queue", &options->queue, "Only of this queue"},
           {"--type", &options->type, "Only of this type"},
           {"--contains", &options->contains, "Only those in whose JSON, which has no blanks, this stands"},
           {"--limit", &options->limit, "So many at most"},
           {"--cursor", &options->cursor, "Where the page before said that there are more"}},
          options->api),
      .settings = &options->api.settings,
      .run = [options](Io io) { return List(*options, io); }};
}

CommandSpec JobsShowCommand() {
  const auto options = std::make_shared<ShowOptions>();
  return {.name = "show",
          .help = "Shows all that is known of a job",
          .examples =
              "  tidemill jobs show QcFLwPsYLWuCbrJHmAkTxzyv\n"
              "  tidemill jobs show QcFLwPsYLWuCbrJHmAkTxzyv --json\n",
          .parameters = WithApiParameters({{"JID", &options->jid, "The job's id"}}, options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return Show(*options, io); }};
}

}  // namespace tidemill::cli
