#include "cli/jobs/jobs_tables.h"

#include <fmt/format.h>

#include "base/json.h"
#include "cli/jobs/jobs_call.h"
#include "cli/table.h"

namespace tidemill::cli {
namespace {

QueueRow ReadQueue(JsonReader& json) {
  QueueRow row;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "name") row.name = json.ReadString();
    if (*key == "ready") row.ready = json.ReadInteger<std::uint64_t>();
    if (*key == "working") row.working = json.ReadInteger<std::uint64_t>();
    if (*key == "later") row.later = json.ReadInteger<std::uint64_t>();
    if (*key == "waiting_fetches") row.waiting_fetches = json.ReadInteger<std::uint64_t>();
    if (*key == "latency_ms") row.latency_ms = json.ReadInteger<std::uint64_t>();
    if (*key == "paused") row.paused = json.ReadBool();
  }
  return row;
}

WorkerRow ReadWorker(JsonReader& json) {
  WorkerRow row;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "worker") row.worker = json.ReadString();
    if (*key == "hostname") row.hostname = json.ReadString();
    if (*key == "pid") row.pid = json.ReadInteger<std::uint64_t>();
    if (*key == "state") row.state = json.ReadString();
    if (*key == "started_at") row.started_at = json.ReadString();
    if (*key == "heard_at") row.heard_at = json.ReadString();
    if (*key == "rss_kb") row.rss_kb = json.ReadInteger<std::uint64_t>();
    if (*key == "working") row.working = json.ReadInteger<std::uint64_t>();
  }
  return row;
}

// {"NAME":[…]}
template <class Row>
Result<std::vector<Row>> ReadRows(std::string_view result, std::string_view name, Row (*read)(JsonReader&)) {
  std::vector<Row> rows;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key != name) continue;
    json.EnterArray();
    while (json.NextElement()) rows.push_back(read(json));
  }
  TM_TRY(json.Finish());
  return rows;
}

}  // namespace

Result<std::vector<QueueRow>> ReadQueues(std::string_view result) {
  return ReadRows<QueueRow>(result, "queues", ReadQueue);
}

Result<std::vector<WorkerRow>> ReadWorkers(std::string_view result) {
  return ReadRows<WorkerRow>(result, "workers", ReadWorker);
}

std::string QueueTable(const std::vector<QueueRow>& queues) {
  if (queues.empty()) return "no queues\n";
  Table table({{.head = "READY", .is_number = true},
               {.head = "WORKING", .is_number = true},
               {.head = "LATER", .is_number = true},
               {.head = "WAITING", .is_number = true},
               {.head = "LATENCY", .is_number = true},
               {"STATE"},
               {"QUEUE"}});
  for (const QueueRow& row : queues) {
    table.Add({fmt::to_string(row.ready), fmt::to_string(row.working), fmt::to_string(row.later),
               fmt::to_string(row.waiting_fetches),
               row.ready == 0 ? "-" : Ago(static_cast<std::int64_t>(row.latency_ms)),
               row.paused ? "paused" : "runs", row.name});
  }
  return table.ToText();
}

std::string WorkerTable(const std::vector<WorkerRow>& workers) {
  if (workers.empty()) return "no workers\n";
  Table table({{"WORKER"},
               {"STATE"},
               {.head = "JOBS", .is_number = true},
               {.head = "MEMORY", .is_number = true},
               {"STARTED"},
               {"HEARD"},
               {"HOST"}});
  for (const WorkerRow& row : workers) {
    const std::string host = row.pid == 0 ? row.hostname : fmt::format("{}:{}", row.hostname, row.pid);
    table.Add({row.worker, row.state, fmt::to_string(row.working),
               row.rss_kb == 0 ? "-" : fmt::format("{} MB", row.rss_kb / 1024), Since(row.started_at),
               Since(row.heard_at), host});
  }
  return table.ToText();
}

Result<JobCounts> ReadCounts(std::string_view result) {
  JobCounts counts;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "enqueued") counts.enqueued = json.ReadInteger<std::uint64_t>();
    if (*key == "scheduled") counts.scheduled = json.ReadInteger<std::uint64_t>();
    if (*key == "retries") counts.retries = json.ReadInteger<std::uint64_t>();
    if (*key == "working") counts.working = json.ReadInteger<std::uint64_t>();
    if (*key == "dead") counts.dead = json.ReadInteger<std::uint64_t>();
    if (*key == "workers") counts.workers = json.ReadInteger<std::uint64_t>();
    if (*key == "processed") counts.processed = json.ReadInteger<std::uint64_t>();
    if (*key == "failures") counts.failures = json.ReadInteger<std::uint64_t>();
  }
  TM_TRY(json.Finish());
  return counts;
}

std::string WithMore(const Table& table, std::string_view none, std::string_view next) {
  std::string text = table.empty() ? std::string(none) : table.ToText();
  if (!next.empty()) text += fmt::format("more: --cursor '{}'\n", Printable(next));
  return text;
}

Result<std::string> MembersToText(std::string_view result) {
  std::string text;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    const std::string name(*key);
    std::string value;
    if (json.Peek() == JsonReader::Kind::kString) {
      value = json.ReadString();
    } else {
      JsonWriter(value).RawOnOneLine(json.ReadRaw());
    }
    text += fmt::format("{:<16}{}\n", name, Printable(value));
  }
  TM_TRY(json.Finish());
  return text.empty() ? "none\n" : text;
}

}  // namespace tidemill::cli
