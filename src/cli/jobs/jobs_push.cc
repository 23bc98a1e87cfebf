#include "cli/jobs/jobs_push.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "cli/jobs/job_options.h"
#include "cli/jobs/jobs_call.h"
#include "cli/jobs/push_lines.h"
#include "jobs/job/timestamp.h"

namespace tidemill::cli {
namespace {

struct PushOptions {
  ApiOptions api;
  JobOptions job;  // of the type "-": each line of standard input is a job
  std::string at;
  std::string in;
  std::string jid;
};

// Seconds: a number, or one with a unit: 90, 90s, 5m, 2h, 1d.
std::optional<std::int64_t> ToSeconds(std::string_view text) {
  std::int64_t unit = 1;
  if (text.ends_with('s') || text.ends_with('m') || text.ends_with('h') || text.ends_with('d')) {
    unit = text.back() == 's' ? 1 : text.back() == 'm' ? 60 : text.back() == 'h' ? 3600 : 86'400;
    text.remove_suffix(1);
  }
  const std::optional<std::int64_t> number = ToWhole(text, 0);
  if (!number || *number > 366 * 86'400 / unit) return std::nullopt;
  return *number * unit;
}

// What is wrong with the options; "": nothing.
std::string Check(const PushOptions& options) {
  if (std::string wrong = Check(options.job); !wrong.empty()) return wrong;
  if (!options.in.empty() && !options.at.empty()) return "--in and --at say the same: give one of them";
  if (!options.in.empty() && !ToSeconds(options.in)) {
    return fmt::format("--in: \"{}\" is no time; write 90s, 5m, 2h or 1d", options.in);
  }
  if (!options.at.empty() && !job::ParseTimestamp(options.at)) {
    return fmt::format("--at: \"{}\" is no timestamp; write 2026-12-24T18:00:00Z", options.at);
  }
  return "";
}

void WriteJob(const PushOptions& options, JsonWriter& json) {
  WriteJobMembers(options.job, json);
  if (!options.jid.empty()) json.Member("jid", options.jid);
  if (!options.at.empty()) json.Member("at", options.at);
  if (const auto seconds = ToSeconds(options.in)) {
    json.Member("at", job::ToTimestamp(SystemClock().WallNow() + Seconds(*seconds)));
  }
}

int PushInput(const PushOptions& options, Io io) {
  const Result<std::unique_ptr<ApiClient>> client = ApiClient::Open(options.api);
  if (!client) return ReportApiError(client.error(), io);
  return PushJobLines(**client, {.json = options.api.json}, STDIN_FILENO, io);
}

int Push(const PushOptions& options, Io io) {
  if (options.job.type == "-") {
    if (!options.job.args.empty()) return Misused(io, "with - each line is a whole job: there are no ARGs");
    return PushInput(options, io);
  }
  if (const std::string wrong = Check(options); !wrong.empty()) return Misused(io, wrong);
  return CallJobs(options.api, "jobs_push", JobParams([&](JsonWriter& json) { WriteJob(options, json); }),
                  PushedToText, io);
}

}  // namespace

CommandSpec JobsPushCommand() {
  const auto options = std::make_shared<PushOptions>();
  std::vector<Parameter> parameters = {
      {"TYPE", &options->job.type, "What is to be done; - pushes the JSON jobs in standard input"},
      {.name = "ARG",
       .value = &options->job.args,
       .help = "With what: JSON, or else a text",
       .optional = true},
      {"--in", &options->in, "Not before so much time has passed: 90s, 5m, 2h, 1d"},
      {"--at", &options->at, "Not before this instant: 2026-12-24T18:00:00Z"},
      {"--jid", &options->jid, "Its id, of 8 characters or more; else one is made up"}};
  std::ranges::move(JobParameters(options->job), std::back_inserter(parameters));
  return {.name = "push",
          .help = "Pushes a job",
          .examples =
              "  tidemill jobs push email ann@example.com '{\"lang\":\"de\"}' --queue mail\n"
              "  tidemill jobs push report 42 --in 5m --custom '{\"unique_for\":600}'\n"
              "  echo '{\"jobtype\":\"email\",\"args\":[1]}' | tidemill jobs push -\n",
          .parameters = WithApiParameters(std::move(parameters), options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return Push(*options, io); }};
}

}  // namespace tidemill::cli
