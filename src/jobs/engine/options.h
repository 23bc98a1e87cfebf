// What an engine is told at its start: limits, times, and what each queue promises. Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "jobs/batches/batches.h"
#include "jobs/engine/schedule_spec.h"
#include "jobs/limits/queue_limits.h"
#include "jobs/queue/ready.h"
#include "jobs/workflows/workflows.h"
#include "metrics/metrics.h"

namespace tidemill::jobs {

// When a push, an ACK and a FAIL are answered, and what a crash may cost.
enum class Durability : std::uint8_t {
  kDurable,  // after the commit: nothing that was answered is lost
  kRelaxed,  // at once, written behind: a crash, a takeover or a stop whose store is away loses what was
             // answered in the last moments
  kMemory,   // at once, and never written: a stop loses the queue. Jobs that die are kept all the same
};

// When an ACK is answered, in a queue that is durable.
enum class AckAnswer : std::uint8_t {
  kFlushed,   // after its commit: the job never runs again
  kReceived,  // at once, while the store takes what comes: after a crash, a takeover or a stop whose store
              // is away the last of them may run again, as any job may that was not acknowledged
};

struct QueueSettings {
  Durability durability = Durability::kDurable;
  std::size_t depth_max = 10'000'000;  // a push beyond it is refused
  QueueLimits limits;
};

struct EngineOptions {
  std::string node = "node";  // the owner's name in the store, the same after a restart
  // Another node takes over once it is a second older than that, at the latest.
  Duration lease_ttl = Seconds(8);

  std::map<std::string, QueueSettings, std::less<>> queues;
  QueueSettings other_queues;
  std::size_t queues_max = 20'000;
  // Of each queue in memory. Of one that lives there (kMemory) no more is taken.
  std::size_t text_bytes_max = queue::kTextBytesMax;

  AckAnswer acks = AckAnswer::kFlushed;
  Duration claim_after = Milliseconds(50);  // jobs that end sooner are never written as claimed
  Duration rescue_after = Seconds(60);      // a worker without connections and BEATs is gone then
  int rescues_max = 3;                      // of one job; then it has failed
  std::size_t workers_max = 100'000;

  Duration dead_for = Hours(24 * 180);
  Duration results_for = Minutes(30);
  std::size_t unique_max = 1'000'000;
  std::size_t later_in_memory = 100'000;  // those that are due first
  std::size_t later_text_bytes_max = 64 << 20;

  Batches::Options batches;
  Workflows::Options workflows;

  // What waits to be written.
  std::size_t unflushed_rows_max = 500'000;
  std::size_t unflushed_bytes_max = 256 << 20;
  // Of one flush, about: a loop has to write it down in a turn.
  std::size_t flush_rows_max = 2'000;
  std::size_t flush_bytes_max = 2 << 20;

  std::vector<ScheduleSpec> schedules;  // of the configuration
  std::size_t schedules_max = 10'000;
  Duration inbox_interval = Milliseconds(250);  // how often what SQL enqueued is looked for; 0: never

  metrics::Registry* metrics = nullptr;  // null: nothing is counted

  // For retries: any number.
  std::function<std::uint64_t()> random = [] { return RandomBelow(std::uint64_t{1} << 32); };
};

}  // namespace tidemill::jobs
