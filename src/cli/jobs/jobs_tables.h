// What the API tells of queues, workers and counts, as values and as tables.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tidemill::cli {

class Table;

struct QueueRow {
  std::string name;
  std::uint64_t ready = 0;
  std::uint64_t working = 0;
  std::uint64_t later = 0;
  std::uint64_t waiting_fetches = 0;
  std::uint64_t latency_ms = 0;
  bool paused = false;
};
Result<std::vector<QueueRow>> ReadQueues(std::string_view result);
std::string QueueTable(const std::vector<QueueRow>& queues);

struct WorkerRow {
  std::string worker;
  std::string hostname;
  std::uint64_t pid = 0;
  std::string state;
  std::string started_at;
  std::string heard_at;
  std::uint64_t rss_kb = 0;
  std::uint64_t working = 0;
};
Result<std::vector<WorkerRow>> ReadWorkers(std::string_view result);
std::string WorkerTable(const std::vector<WorkerRow>& workers);

struct JobCounts {
  std::uint64_t enqueued = 0;
  std::uint64_t scheduled = 0;
  std::uint64_t retries = 0;
  std::uint64_t working = 0;
  std::uint64_t dead = 0;
  std::uint64_t workers = 0;
  std::uint64_t processed = 0;
  std::uint64_t failures = 0;
};
Result<JobCounts> ReadCounts(std::string_view result);

// A page of a list: the table, or `none` when it is empty; how to ask for the next page, if there is one.
std::string WithMore(const Table& table, std::string_view none, std::string_view next);

// Each member of an object on a line; "none" of one that is empty.
Result<std::string> MembersToText(std::string_view result);

}  // namespace tidemill::cli
