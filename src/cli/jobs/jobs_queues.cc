#include "cli/jobs/jobs_queues.h"

#include <fmt/format.h>

#include <memory>

#include "cli/jobs/jobs_call.h"
#include "cli/jobs/jobs_tables.h"
#include "cli/table.h"

namespace tidemill::cli {
namespace {

struct QueuesOptions {
  ApiOptions api;
};

struct QueueOptions {
  ApiOptions api;
  std::string queue;
  bool yes = false;
};

Result<std::string> QueuesToText(std::string_view result) {
  TM_TRY_ASSIGN(const std::vector<QueueRow> queues, ReadQueues(result));
  return QueueTable(queues);
}

int ActOnQueue(const QueueOptions& options, std::string_view method, std::string_view done, Io io) {
  const auto to_text = [&](std::string_view) -> Result<std::string> {
    return fmt::format("{} {}\n", done, Printable(options.queue));
  };
  return CallJobs(options.api, method,
                  JobParams([&](JsonWriter& json) { json.Member("queue", options.queue); }), to_text, io);
}

int RemoveQueue(const QueueOptions& options, Io io) {
  if (!options.yes) return Misused(io, "remove drops the queue's jobs for good: say --yes");
  return ActOnQueue(options, "jobs_queue_remove", "removed", io);
}

}  // namespace

CommandSpec JobsQueuesCommand() {
  const auto options = std::make_shared<QueuesOptions>();
  return {.name = "queues",
          .help = "Lists the queues, and how much waits in each",
          .examples = "  tidemill jobs queues\n",
          .parameters = WithApiParameters({}, options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return CallJobs(options->api, "jobs_queues", "{}", QueuesToText, io); }};
}

CommandSpec JobsPauseCommand() {
  const auto options = std::make_shared<QueueOptions>();
  return {.name = "pause",
          .help = "Lets a queue take jobs and give none",
          .examples = "  tidemill jobs pause mail\n",
          .parameters = WithApiParameters({{"QUEUE", &options->queue, "The queue"}}, options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return ActOnQueue(*options, "jobs_queue_pause", "paused", io); }};
}

CommandSpec JobsResumeCommand() {
  const auto options = std::make_shared<QueueOptions>();
  return {.name = "resume",
          .help = "Lets a paused queue give jobs again",
          .examples = "  tidemill jobs resume mail\n",
          .parameters = WithApiParameters({{"QUEUE", &options->queue, "The queue"}}, options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return ActOnQueue(*options, "jobs_queue_resume", "resumed", io); }};
}

CommandSpec JobsRemoveCommand() {
  const auto options = std::make_shared<QueueOptions>();
  return {.name = "remove",
          .help = "Drops a queue with the jobs that wait in it",
          .examples = "  tidemill jobs remove old --yes\n",
          .parameters = WithApiParameters(
              {{"QUEUE", &options->queue, "The queue"}, {"--yes", &options->yes, "Yes, its jobs as well"}},
              options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return RemoveQueue(*options, io); }};
}

}  // namespace tidemill::cli
