// LimitKeeper: the limits of an engine's queues: which jobs may begin, and who is woken when something frees.
//
// A fetch leaves out queues that are at their limit; it is throttled there, and asks again when there is
// room. A job whose key is at its limit is parked. Loop thread only: the engine's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/engine/gathering.h"
#include "jobs/engine/metrics.h"
#include "jobs/job/job.h"
#include "jobs/limits/limiter.h"
#include "jobs/queue/dispatcher.h"
#include "jobs/queue/fifo_list.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/timer_wheel.h"

namespace tidemill::jobs {

struct Core;
struct Held;
struct Waiting;

// Of Record::kind: limits that were set at run time; the key is a queue's name.
inline constexpr std::string_view kLimitsKind = "limits";

// A fetch that leaves out a queue for its limit.
struct Throttled : queue::FifoLink {
  Waiting* waiting = nullptr;
};

class LimitKeeper final : net::Pollable, net::Timer {
 public:
  explicit LimitKeeper(Core& core);
  ~LimitKeeper();

  // WaitForCommit follows. They hold from now on, also after a start; what runs goes on, and counts.
  // kPermissionDenied: the queue's limits are of the configuration.
  Result<> Set(std::string_view queue, QueueLimits limits);
  // None, or those that all queues have.
  Result<> Reset(std::string_view queue);
  // Those of the configuration from now on, by queue; they go before what was set. Queues follow one by one,
  // soon.
  void Configure(std::map<std::string, QueueLimits, std::less<>> limits);
  bool IsConfigured(std::string_view queue) const { return configured_.contains(queue); }
  // Those that hold for a queue, whether it is there or not.
  const QueueLimits& LimitsOf(std::string_view queue) const;
  // null: the queue has none.
  const Limiter* Find(queue::QueueId queue) const;
  std::uint64_t Parked(queue::QueueId queue) const;

  // A queue is there.
  void Opened(queue::QueueId queue);
  // Whether the queue may go: it has no limits of its own, and those that all have hold nothing back.
  bool MayClose(queue::QueueId queue) const;
  // It has gone.
  void Closed(queue::QueueId queue);
  Result<> Load(const Record& record);
  void Forget();

  void ShowMetrics(metrics::Registry& registry);

  // Nothing is limited.
  bool empty() const { return queues_.empty(); }

  // Whether the queue gives no job now, to nobody.
  bool IsFull(queue::QueueId queue) const { return !MayFetch(queue, {}); }

  // --- Fetches
  bool MayFetch(queue::QueueId queue, std::string_view wid) const;
  // `throttled` is woken when the queue may have room.
  void Wait(queue::QueueId queue, Throttled& throttled);
  enum class Verdict : std::uint8_t {
    kRun,
    kPutBack,  // to the front of its queue, without waking anybody
    kParked,   // the entry is taken
  };
  Verdict Begin(const job::Job& job, queue::QueueId queue, queue::Entry& entry, std::string_view wid);

  // --- What happens
  void Continued(const job::Job& job, const Held& held);
  void Released(queue::QueueId queue, JobId id);
  // The job is over without having begun.
  void Dropped(queue::QueueId queue, JobId id);
  // A job came to its queue.
  void Arrived(queue::QueueId queue);
  // One that is parked, whatever its key: the queue is emptied.
  std::optional<ParkedJob> TakeParked(queue::QueueId queue);

 private:
  struct Queue {
    std::unique_ptr<Limiter> limiter;       // null: there are none
    std::unique_ptr<LimitMetrics> metrics;  // null: not shown yet
    queue::FifoList<Throttled> throttled;
    std::optional<MonotonicTime> wakes_at;  // where it is in wakes_
    bool is_dirty = false;                  // in dirty_
    bool is_counting = false;               // in to_count_: it gives no job until what runs is counted
  };

  Queue* Limited(queue::QueueId queue) const;
  Result<> MayChange(std::string_view queue) const;
  void Apply(queue::QueueId queue, QueueLimits limits);
  static Task<void> TakeOver(LimitKeeper& self, std::uint64_t number);
  static Task<void> CountRunning(LimitKeeper& self);
  void OnReady(std::uint32_t) override;
  void OnTimer() override;
  void Touch(queue::QueueId queue);
  void Wake(queue::QueueId queue);
  void WakeOne(queue::QueueId queue, Queue& state);
  void ScheduleWake(queue::QueueId queue, Queue& state);

  Core& core_;
  std::uint64_t take_over_ = 0;  // which Configure was the last one
  std::vector<queue::QueueId> to_count_;
  bool counts_ = false;                         // CountRunning is under way
  std::vector<std::unique_ptr<Queue>> queues_;  // by QueueId; null: no limits
  std::map<std::string, QueueLimits, std::less<>> configured_;
  std::map<std::string, QueueLimits, std::less<>> set_;  // at run time
  std::vector<queue::QueueId> dirty_;
  std::set<std::pair<MonotonicTime, std::uint32_t>> wakes_;
};

}  // namespace tidemill::jobs
