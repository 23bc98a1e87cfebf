#include "cli/jobs/work.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/api_client.h"
#include "cli/end_signals.h"
#include "cli/jobs/worker.h"
#include "cli/on_loop.h"
#include "config/duration.h"

namespace tidemill::cli {
namespace {

constexpr std::size_t kConcurrencyMax = 100;

struct Options {
  ApiOptions api;
  std::vector<std::string> queues;
  std::vector<std::string> command;
  std::string concurrency = "1";
  std::string timeout;
  std::string grace = "25s";
};

bool IsFound(const std::string& command) {
  if (command.contains('/')) return ::access(command.c_str(), X_OK) == 0;
  const char* const path = std::getenv("PATH");
  std::string_view folders = path == nullptr ? "/usr/bin:/bin" : path;
  while (true) {
    const std::size_t end = folders.find(':');
    if (::access(fmt::format("{}/{}", folders.substr(0, end), command).c_str(), X_OK) == 0) return true;
    if (end == folders.npos) return false;
    folders.remove_prefix(end + 1);
  }
}

Result<WorkerOptions> ToWorkerOptions(const Options& options) {
  WorkerOptions worker{.queues = options.queues, .command = options.command, .json = options.api.json};
  if (worker.queues.empty()) worker.queues = {"default"};
  const std::string& count = options.concurrency;
  const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), worker.concurrency);
  if (error != std::errc{} || end != count.data() + count.size() || worker.concurrency < 1 ||
      worker.concurrency > kConcurrencyMax) {
    return Fail(Errc::kInvalidArgument,
                fmt::format("--concurrency: \"{}\": 1 to {}", count, kConcurrencyMax));
  }
  const std::pair<std::string_view, std::pair<const std::string*, Duration*>> durations[] = {
      {"--timeout", {&options.timeout, &worker.timeout}}, {"--grace", {&options.grace, &worker.grace}}};
  for (const auto& [name, value] : durations) {
    if (value.first->empty()) continue;
    const Result<Duration> duration = config::ParseDuration(*value.first);
    if (!duration) return Fail(Errc::kInvalidArgument, fmt::format("{}: {}", name, duration.error().detail));
    *value.second = *duration;
  }
  if (!IsFound(worker.command.front())) {
    return Fail(Errc::kInvalidArgument,
                fmt::format("{}: there is no such command to run", worker.command.front()));
  }
  return worker;
}

int Work(const Options& options, Io io) {
  Result<WorkerOptions> worker_options = ToWorkerOptions(options);
  if (!worker_options) return Misused(io, worker_options.error().detail);
  const Result<std::unique_ptr<ApiClient>> client = ApiClient::Open(options.api);
  if (!client) return ReportApiError(client.error(), io);
  signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> queues = worker_options->queues;
  Worker worker(**client, *std::move(worker_options), io);
  EndSignals signals((*client)->loop(), [&worker] { worker.End(); });
  if (const Result<> started = signals.Start(); !started) return Failed(io, started.error().detail);
  if (!options.api.json) PrintError(io, fmt::format("tidemill: takes jobs of {}\n", fmt::join(queues, ", ")));
  return RunOnLoop((*client)->loop(), worker.Run()).value_or(kFailed);
}

}  // namespace

CommandSpec WorkCommand() {
  const auto options = std::make_shared<Options>();
  return {
      .name = "work",
      .help = "Runs a command for each job of some queues",
      .examples =
          "  tidemill jobs work --queue mail -- python3 send_mail.py\n"
          "  tidemill jobs work --queue reports --queue default --concurrency 4 -- sh report.sh\n"
          "\n"
          "The command gets the job's arguments on standard input, a JSON array in one line, and\n"
          "TIDEMILL_JID, TIDEMILL_TYPE, TIDEMILL_QUEUE and TIDEMILL_ATTEMPT in its environment. Its exit\n"
          "status decides:\n"
          "  0      the job is done; the last line of standard output is its result, if it is JSON\n"
          "  75     it goes back to its queue, and no failure is counted (EX_TEMPFAIL)\n"
          "  other  it failed, and is tried again later; the last lines of standard error say why\n"
          "What it writes is kept as the job's log; a line \"::progress 40 page 4 of 10\" says how far it "
          "is.\n"
          "\n"
          "Try it, with `tidemill serve --dev` in another terminal:\n"
          "  tidemill jobs push Hello '\"world\"'\n"
          "  tidemill jobs work -- sh -c 'read args; echo \"$TIDEMILL_TYPE $args\"'\n",
      .parameters = WithApiParameters(
          {{"COMMAND", &options->command, "The command and its arguments; write -- before it"},
           {"--queue", &options->queues, "A queue to take jobs from, the first that has one; else default"},
           {"--concurrency", &options->concurrency, "How many run at once"},
           {"--timeout", &options->timeout, "A job that runs longer is ended and fails, 10m; else never"},
           {"--grace", &options->grace,
            "After SIGTERM, for those that run to end; then they are ended and go back"}},
          options->api),
      .settings = &options->api.settings,
      .run = [options](Io io) { return Work(*options, io); },
  };
}

}  // namespace tidemill::cli
