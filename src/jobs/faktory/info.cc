#include "jobs/faktory/info.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "jobs/job/timestamp.h"

namespace tidemill::faktory {
namespace {

// A task of Faktory's scheduler. Nothing here runs in cycles, so only the size says something.
void WriteScan(JsonWriter& json, std::uint64_t size) {
  json.BeginObject();
  json.Member("enqueued", 0);
  json.Member("cycles", 0);
  json.Member("size", size);
  json.Member("wall_time_sec", 0);
  json.EndObject();
}

void WriteReaper(JsonWriter& json, std::uint64_t size) {
  json.BeginObject();
  json.Member("size", size);
  json.Member("reaped", 0);
  json.EndObject();
}

void WriteTasks(JsonWriter& json, const jobs::Counts& counts) {
  json.BeginObject();
  json.Key("Busy");
  WriteReaper(json, counts.working);
  json.Key("Dead");
  WriteScan(json, counts.dead);
  json.Key("Retries");
  WriteScan(json, counts.retries);
  json.Key("Scheduled");
  WriteScan(json, counts.scheduled);
  json.Key("Workers");
  WriteReaper(json, counts.workers);
  json.EndObject();
}

void WriteFaktory(JsonWriter& json, const jobs::Counts& counts, const std::vector<jobs::QueueView>& queues) {
  json.BeginObject();
  json.Key("queues");
  json.BeginObject();
  for (const jobs::QueueView& queue : queues) {
    json.DynamicKey(queue.name);
    json.Integer(queue.ready);
  }
  json.EndObject();
  json.Key("sets");
  json.BeginObject();
  json.Member("scheduled", counts.scheduled);
  json.Member("retries", counts.retries);
  json.Member("dead", counts.dead);
  json.Member("working", counts.working);
  json.EndObject();
  json.Key("tasks");
  WriteTasks(json, counts);
  json.Member("total_enqueued", counts.enqueued);
  json.Member("total_failures", counts.failures);
  json.Member("total_processed", counts.processed);
  json.Member("total_queues", queues.size());
  json.EndObject();
}

std::string TimeOfDay(WallTime now) {
  const std::int64_t second = now.ms / 1000 % 86'400;
  return fmt::format("{:02}:{:02}:{:02} UTC", second / 3600, second / 60 % 60, second % 60);
}

}  // namespace

std::string InfoJson(const ServerFacts& server, const jobs::Counts& counts,
                     const std::vector<jobs::QueueView>& queues) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  json.Member("now", job::ToTimestamp(server.now));
  json.Member("server_utc_time", TimeOfDay(server.now));
  json.Key("faktory");
  WriteFaktory(json, counts, queues);
  json.Key("server");
  json.BeginObject();
  json.Member("description", server.description);
  json.Member("faktory_version", kFaktoryVersion);
  json.Member("tidemill_version", server.version);
  // The crate `faktory` takes 0 for a server that does not say.
  json.Member("uptime", std::max<std::int64_t>(server.uptime.ms / 1000, 1));
  json.Member("connections", server.connections);
  json.Member("command_count", server.commands);
  json.Member("used_memory_mb", server.memory_bytes >> 20);
  json.EndObject();
  json.EndObject();
  return text;
}

}  // namespace tidemill::faktory
