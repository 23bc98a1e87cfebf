// JobMetrics: what becomes of jobs, as series for Prometheus: by queue and type where jobs end, by queue
// where they wait. The registry bounds how many series there are; what comes too late is counted in one.
//
// Loop thread only: the engine's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "jobs/engine/changes.h"
#include "jobs/limits/limiter.h"
#include "metrics/level.h"
#include "metrics/metrics.h"

namespace tidemill::jobs {

// Of one queue that has limits, for as long as it is there.
class LimitMetrics {
 public:
  LimitMetrics(metrics::Registry& registry, std::string queue);
  ~LimitMetrics() { ShowLevels(0, 0); }
  LimitMetrics(const LimitMetrics&) = delete;
  LimitMetrics& operator=(const LimitMetrics&) = delete;

  void Show(const Limiter& limiter);

 private:
  // A series once there is something to count.
  struct Reason {
    metrics::Held<metrics::Counter> counter;
    std::uint64_t shown = 0;
  };
  void ShowLevels(std::int64_t running, std::size_t parked);
  void ShowHeldBack(const char* reason, std::uint64_t count);

  metrics::Registry& registry_;
  const std::string queue_;
  metrics::Held<metrics::Gauge> running_;
  metrics::Held<metrics::Gauge> parked_;
  std::int64_t running_shown_ = 0;
  std::int64_t parked_shown_ = 0;
  std::map<std::string_view, Reason> held_back_;  // literals
};

class JobMetrics final : public JobListener {
 public:
  explicit JobMetrics(metrics::Registry& registry);

  void OnChange(const JobChange& change) override;
  // What is there now; called with each flush.
  void Show(const Counts& counts, std::uint64_t unflushed_rows, std::uint64_t commits);
  // Work that was lost, or late, and was picked up by a look instead of a word.
  enum class PickedUp : std::uint8_t {
    kReservationExpired,  // no word came from its worker in time
    kWorkerGone,          // its worker had closed its connections and stopped to beat
    kInbox,               // SQL had enqueued it, and no ring was heard
  };
  void CountPickedUp(PickedUp how, std::size_t count = 1);
  void ShowQueues(std::size_t count) { queues_.Set(static_cast<std::int64_t>(count)); }
  void ShowSchedules(std::size_t count) { schedules_.Set(static_cast<std::int64_t>(count)); }
  void ShowBatches(std::size_t count) { batches_.Set(static_cast<std::int64_t>(count)); }
  void ShowWorkflowJobs(std::size_t count) { workflow_jobs_.Set(static_cast<std::int64_t>(count)); }

 private:
  static constexpr std::size_t kKnownMax = 2000;  // pairs of queue and type that are remembered

  struct Series {
    metrics::Held<metrics::Counter> queued;
    metrics::Held<metrics::Counter> done;
    metrics::Held<metrics::Counter> failed;  // attempts
    metrics::Held<metrics::Counter> dead;
  };

  Series& SeriesOf(std::string_view queue, std::string_view type);

  metrics::Registry& registry_;
  std::unordered_map<std::string, Series> by_name_;  // queue and type
  metrics::Level scheduled_;
  metrics::Level retries_;
  metrics::Level dead_;
  metrics::Level working_;
  metrics::Level enqueued_;
  metrics::Level workers_;
  metrics::Level unflushed_;
  metrics::Level queues_;
  metrics::Level schedules_;
  metrics::Level batches_;
  metrics::Level workflow_jobs_;
  metrics::Counter& reservations_expired_;
  metrics::Counter& workers_gone_;
  metrics::Counter& inbox_looked_;
  metrics::Counter& commits_;
  std::uint64_t commits_shown_ = 0;
};

}  // namespace tidemill::jobs
