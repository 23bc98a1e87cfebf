#include "cli/jobs/jobs_top.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <tuple>

#include "cli/jobs/job_line.h"
#include "cli/jobs/jobs_call.h"
#include "cli/jobs/jobs_tables.h"
#include "cli/screen.h"
#include "cli/table.h"
#include "cli/watching.h"

namespace tidemill::cli {
namespace {

constexpr std::size_t kWorkingShownMax = 10;
constexpr std::size_t kQueuesShownMax = 20;
constexpr std::size_t kWorkersShownMax = 20;

// What the API told, as it told it.
struct Snapshot {
  std::string counts;
  std::string queues;
  std::string workers;
  std::string working;
  MonotonicTime at;
};

Result<Snapshot> Take(ApiClient& client) {
  Snapshot snapshot;
  snapshot.at = SystemClock().Now();
  TM_TRY_ASSIGN(snapshot.counts, client.Call("jobs_counts", "{}"));
  TM_TRY_ASSIGN(snapshot.queues, client.Call("jobs_queues", "{}"));
  TM_TRY_ASSIGN(snapshot.workers, client.Call("jobs_workers", "{}"));
  const std::string working = fmt::format(R"({{"state":"working","limit":{}}})", kWorkingShownMax);
  TM_TRY_ASSIGN(snapshot.working, client.Call("jobs_list", working));
  return snapshot;
}

std::string ToJson(const Snapshot& snapshot) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.RawMember("counts", snapshot.counts);
  json.RawMember("queues", snapshot.queues);
  json.RawMember("workers", snapshot.workers);
  json.RawMember("working", snapshot.working);
  json.EndObject();
  std::string line;
  JsonWriter(line).RawOnOneLine(text);
  return line + "\n";
}

std::string Rate(std::uint64_t now, std::uint64_t before, Duration between) {
  if (between.ms <= 0 || now < before) return "";
  return fmt::format(" ({:.0f}/s)",
                     static_cast<double>(now - before) * 1000 / static_cast<double>(between.ms));
}

Result<std::string> WorkingTable(std::string_view result) {
  Table table({{"JID"}, {"TYPE"}, {"QUEUE"}, {"FOR"}, {"WORKER"}});
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key != "jobs") continue;
    json.EnterArray();
    while (json.NextElement()) {
      const JobLine job = ReadJobLine(json);
      table.Add({job.jid, job.type, job.queue, Since(job.at), job.worker});
    }
  }
  TM_TRY(json.Finish());
  return table.empty() ? "" : "\n" + table.ToText();
}

template <class Row>
std::string More(std::vector<Row>& rows, std::size_t shown_max) {
  if (rows.size() <= shown_max) return "";
  const std::size_t more = rows.size() - shown_max;
  rows.resize(shown_max);
  return fmt::format("and {} more\n", more);
}

// `before`: the picture's predecessor, from which rates are made; null: there is none.
Result<std::string> Picture(const Snapshot& snapshot, const Snapshot* before) {
  TM_TRY_ASSIGN(const JobCounts counts, ReadCounts(snapshot.counts));
  TM_TRY_ASSIGN(std::vector<QueueRow> queues, ReadQueues(snapshot.queues));
  TM_TRY_ASSIGN(std::vector<WorkerRow> workers, ReadWorkers(snapshot.workers));
  TM_TRY_ASSIGN(const std::string working, WorkingTable(snapshot.working));
  std::string processed;
  std::string failures;
  if (before != nullptr) {
    TM_TRY_ASSIGN(const JobCounts then, ReadCounts(before->counts));
    const Duration between = snapshot.at - before->at;
    processed = Rate(counts.processed, then.processed, between);
    failures = Rate(counts.failures, then.failures, between);
  }
  std::ranges::sort(queues, [](const QueueRow& a, const QueueRow& b) {
    return std::tie(b.ready, a.name) < std::tie(a.ready, b.name);
  });
  std::ranges::sort(workers, [](const WorkerRow& a, const WorkerRow& b) {
    return std::tie(b.working, a.worker) < std::tie(a.working, b.worker);
  });
  const std::string more_queues = More(queues, kQueuesShownMax);
  const std::string more_workers = More(workers, kWorkersShownMax);
  return fmt::format(
      "enqueued {}   scheduled {}   retries {}   working {}   dead {}\n"
      "processed {}{}   failures {}{}   workers {}\n\n{}{}\n{}{}{}",
      counts.enqueued, counts.scheduled, counts.retries, counts.working, counts.dead, counts.processed,
      processed, counts.failures, failures, counts.workers, QueueTable(queues), more_queues,
      WorkerTable(workers), more_workers, working);
}

int Follow(ApiClient& client, const WatchOptions& options, Duration every, Io io) {
  const Screen::Mode mode = options.api.json ? Screen::Mode::kAppended : Screen::Mode::kInPlace;
  const auto screen = options.once ? nullptr : std::make_unique<Screen>(io, mode);
  std::optional<Snapshot> before;
  while (true) {
    Result<Snapshot> snapshot = Take(client);
    if (!snapshot) return Failed(io, JobsHint(snapshot.error()));
    const Result<std::string> picture = options.api.json ? Result<std::string>(ToJson(*snapshot))
                                                         : Picture(*snapshot, before ? &*before : nullptr);
    if (!picture) {
      return Failed(io, fmt::format("the answer is none about jobs: {}", picture.error().detail));
    }
    if (options.once) {
      Print(io, *picture);
      return kDone;
    }
    if (!screen->Show(*picture) || !screen->Wait(every)) return kDone;
    before = *std::move(snapshot);
  }
}

}  // namespace

CommandSpec JobsTopCommand() {
  const auto options = std::make_shared<WatchOptions>();
  return {.name = "top",
          .help = "Shows queues, workers and running jobs, live; q ends it",
          .examples =
              "  tidemill jobs top\n"
              "  tidemill jobs top --once --json\n",
          .parameters = WatchParameters("One picture, and no more", *options),
          .settings = &options->api.settings,
          .run = [options](Io io) {
            return RunWatch(*options, io, [&](ApiClient& client, Duration every) {
              return Follow(client, *options, every, io);
            });
          }};
}

}  // namespace tidemill::cli
