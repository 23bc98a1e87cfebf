#include "cli/jobs/jobs_workers.h"

#include <fmt/format.h>

#include <memory>

#include "cli/jobs/jobs_call.h"
#include "cli/jobs/jobs_tables.h"

namespace tidemill::cli {
namespace {

struct WorkersOptions {
  ApiOptions api;
};

struct SignalOptions {
  ApiOptions api;
  std::string worker;
  bool all = false;
};

Result<std::string> WorkersToText(std::string_view result) {
  TM_TRY_ASSIGN(const std::vector<WorkerRow> workers, ReadWorkers(result));
  return WorkerTable(workers);
}

Result<std::string> SignalToText(std::string_view result) {
  std::uint64_t count = 0;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "count") count = json.ReadInteger<std::uint64_t>();
  }
  TM_TRY(json.Finish());
  return fmt::format("{} worker{} will hear it at the next beat\n", count, count == 1 ? "" : "s");
}

int Signal(const SignalOptions& options, std::string_view method, Io io) {
  if (options.worker.empty() != options.all) return Misused(io, "name a worker, or say --all");
  const std::string params = JobParams([&](JsonWriter& json) {
    if (options.all) {
      json.Member("all", true);
    } else {
      json.Member("worker", options.worker);
    }
  });
  return CallJobs(options.api, method, params, SignalToText, io);
}

std::vector<Parameter> SignalParameters(SignalOptions& options) {
  return WithApiParameters(
      {{.name = "WORKER", .value = &options.worker, .help = "The worker's id", .optional = true},
       {"--all", &options.all, "Every worker"}},
      options.api);
}

}  // namespace

CommandSpec JobsWorkersCommand() {
  const auto options = std::make_shared<WorkersOptions>();
  return {
      .name = "workers",
      .help = "Lists who works",
      .examples = "  tidemill jobs workers\n",
      .parameters = WithApiParameters({}, options->api),
      .settings = &options->api.settings,
      .run = [options](Io io) { return CallJobs(options->api, "jobs_workers", "{}", WorkersToText, io); }};
}

CommandSpec JobsQuietCommand() {
  const auto options = std::make_shared<SignalOptions>();
  return {.name = "quiet",
          .help = "Gives a worker no more jobs",
          .examples = "  tidemill jobs quiet app-1\n",
          .parameters = SignalParameters(*options),
          .settings = &options->api.settings,
          .run = [options](Io io) { return Signal(*options, "jobs_worker_quiet", io); }};
}

CommandSpec JobsTerminateCommand() {
  const auto options = std::make_shared<SignalOptions>();
  return {.name = "terminate",
          .help = "Tells a worker to end",
          .examples = "  tidemill jobs terminate --all\n",
          .parameters = SignalParameters(*options),
          .settings = &options->api.settings,
          .run = [options](Io io) { return Signal(*options, "jobs_worker_terminate", io); }};
}

}  // namespace tidemill::cli
