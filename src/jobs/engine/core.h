// Core: the engine's state, and what all of its parts do with it. The parts are functions of a core: push.h,
// fetch.h, ending.h, promoter.h, find.h, act.h, queues.h, recovery.h, tenure.h.
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/engine/changes.h"
#include "jobs/engine/engine.h"
#include "jobs/engine/flusher.h"
#include "jobs/engine/forgotten.h"
#include "jobs/engine/inbox.h"
#include "jobs/engine/jid_index.h"
#include "jobs/engine/later.h"
#include "jobs/engine/limit_keeper.h"
#include "jobs/engine/locks.h"
#include "jobs/engine/metrics.h"
#include "jobs/engine/moves.h"
#include "jobs/engine/orphans.h"
#include "jobs/engine/plugin.h"
#include "jobs/engine/promoter.h"
#include "jobs/engine/schedules.h"
#include "jobs/engine/stats.h"
#include "jobs/engine/upkeep.h"
#include "jobs/engine/workers.h"
#include "jobs/engine/working.h"
#include "jobs/queue/dispatcher.h"
#include "net/task_scope.h"

namespace tidemill::jobs {

struct QueueState {
  QueueSettings settings;
  std::uint64_t arriving = 0;  // pushed, and not committed
  std::uint64_t later = 0;
  std::uint64_t working = 0;
  std::uint64_t waiting = 0;  // fetches
  std::uint64_t parked = 0;   // taken out, and behind one of their jid that a worker has
  std::uint64_t removed = 0;  // in the queue, and not to be given to anybody
  std::uint64_t taken = 0;    // since texts were last looked for
  std::uint64_t pins = 0;     // QueuePin, and fetches that name it
  bool has_had_jobs = false;  // since a start, or since it was removed
  bool is_removed = false;    // and has had none since
  bool is_refilling = false;
  bool is_pumping = false;  // in the next turn, what was given back goes to those who wait
};

struct Core;

// Somebody has the queue's id, waits for something, and is counted nowhere else in its state: until that is
// over no other queue gets the id.
class QueuePin {
 public:
  QueuePin(Core& core, queue::QueueId queue);
  QueuePin(const QueuePin&) = delete;
  QueuePin& operator=(const QueuePin&) = delete;
  ~QueuePin();

 private:
  Core& core_;
  const queue::QueueId queue_;
};

// A job whose jid is that of one that is reserved: it waits for the end of that. Without its text, if the
// store has it.
struct Parked {
  queue::QueueId queue;
  queue::Entry entry;
  int priority = 5;
};

using queue::IsInMemory;
using queue::kMemoryIds;

struct InMemory {
  JobId id;
  queue::QueueId queue;
};

struct Core final : FlushOwner {
  enum class Phase : std::uint8_t { kStandby, kRecovering, kServing, kClearing, kStopping };

  Core(net::Loop& loop, Store& store, EngineOptions options);
  ~Core();

  WallTime Now() const { return loop.clock().WallNow(); }
  // Whether new commands are taken. kNotAvailable: the detail says why.
  Result<> Serving() const;
  // Whether the lease has surely not ended: what is in memory may be given to workers.
  bool IsSureOfLease() const { return loop.clock().Now() - renewed_at < options.lease_ttl; }
  // Any thread.
  void SetProblem(std::string why);
  std::optional<std::string> Problem() const;

  // The queue of that name, made if there is none. kLimitExceeded, kInvalidArgument: not a name of a queue.
  // When there are queues_max, one of which nothing is there but its name makes room: an id is good until the
  // next OpenQueue, unless there is a job, or a QueuePin.
  Result<queue::QueueId> OpenQueue(std::string_view name);
  QueueState& At(queue::QueueId queue) { return queues[queue.value()]; }
  std::uint64_t ReadyIn(queue::QueueId queue) const;
  // Where changes of the queue's jobs go. Those of a durable queue are waited for (Flusher::Wait).
  Gathering& GatherFor(queue::QueueId queue);

  void ForgetInMemory(const std::string& jid, JobId id);
  void Count(Wait wait, std::int64_t by);
  Counts AllCounts() const;
  // What happens to it now. What it refers to lives as long as the job.
  JobChange ChangeOf(const Held& held, JobState state) const;
  JobChange ChangeOf(const StoredJob& job, JobState state) const;
  void Changed(const JobChange& change) const {
    for (JobListener* const listener : listeners) listener->OnChange(change);
  }
  void TenureChanged() const {
    for (TenureListener* const listener : tenure_listeners) listener->OnTenureChanged();
  }
  // Everything in memory goes, but workers and those who wait for jobs; they are told `why`.
  void Forget(const Error& why);

  void BeforeFlush(Gathering& gathering) override;
  void OnArrived(PushedJob&& job) override;
  void OnDropped(const PushedJob& job, KeptGatherings kept) override;
  void OnFenced() override;
  bool OnRefused(const Error& why) override;

  net::Loop& loop;
  Store& store;
  Forgotten forgotten{loop};
  const EngineOptions options;
  Phase phase = Phase::kStandby;
  // Grows when memory is forgotten: whoever waited across that starts anew, or gives up.
  std::uint64_t tenure = 0;
  Lease lease;
  bool has_lease = false;
  // And kServing: all is being written before, and commands are refused.
  bool is_clearing = false;
  bool is_asking = false;  // for the lease, or that it goes on
  bool is_reading_back = false;
  std::string address;  // where other nodes reach this one
  std::optional<Owner> other_owner;
  std::uint64_t last_id = 0;
  std::uint64_t last_memory_id = kMemoryIds;
  MonotonicTime renewed_at;  // when the last renewal that succeeded was asked for

  queue::Dispatcher dispatcher;
  std::vector<QueueState> queues;   // by QueueId
  std::uint32_t next_to_close = 0;  // of them, where it is looked next for one that can make room
  Working working;
  Later later;
  Locks locks;
  WorkerTable workers;
  Moves moves;
  JidIndex ready_jids;  // of what the store has in Place::kReady
  Orphans orphans;
  Stats stats;
  Counts counts;  // scheduled, retries, dead; the others are counted where they are
  LimitKeeper limits;
  std::uint64_t blocked = 0;
  std::unordered_set<std::uint64_t> removed;  // ids in queues that are not to be given to anybody
  std::multimap<std::string, Parked, std::less<>> parked;  // by jid, in their order
  std::unordered_map<std::uint64_t, int> rescued;          // how often, by id
  std::unordered_map<std::string, InMemory> in_memory;     // the jobs of memory queues, by jid
  std::vector<JobListener*> listeners;
  std::vector<EnginePlugin*> plugins;
  std::vector<TenureListener*> tenure_listeners;
  Flusher flusher;
  Promoter promoter;
  Upkeep upkeep;
  Inbox inbox;
  Schedules schedules;
  std::unique_ptr<JobMetrics> metrics;  // null: nothing is counted
  MonotonicTime metrics_shown_at;
  bool claims_all = false;  // a stop: what is reserved is claimed, however short

  mutable std::mutex problem_mutex;
  std::string problem = "it has not started";

  TaskScope scope;
};

}  // namespace tidemill::jobs
