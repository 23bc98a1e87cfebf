#include "jobs/engine/metrics.h"

#include <utility>

namespace tidemill::jobs {
namespace {

constexpr std::string_view kOther = "other";

metrics::Counter& PickedUpBy(metrics::Registry& registry, const char* how) {
  return registry.AddCounter("tidemill_jobs_picked_up_total",
                             "Jobs that were lost or late, and found by a look instead of a word",
                             {{"how", how}});
}

}  // namespace

LimitMetrics::LimitMetrics(metrics::Registry& registry, std::string queue)
    : registry_(registry),
      queue_(std::move(queue)),
      running_(registry.OpenGauge("tidemill_jobs_limit_running",
                                  "What runs of a queue that has limits; a job counts as its weight says",
                                  {{"queue", queue_}})),
      parked_(registry.OpenGauge("tidemill_jobs_limit_parked",
                                 "Jobs of a queue that its limits by key hold back", {{"queue", queue_}})) {}

void LimitMetrics::Show(const Limiter& limiter) {
  ShowLevels(limiter.held(), limiter.parked());
  const Limiter::HeldBack& held_back = limiter.held_back();
  ShowHeldBack("concurrency", held_back.concurrency);
  ShowHeldBack("rate", held_back.rate);
  ShowHeldBack("worker_concurrency", held_back.worker_concurrency);
  ShowHeldBack("key_concurrency", held_back.key_concurrency);
  ShowHeldBack("key_rate", held_back.key_rate);
  ShowHeldBack("keys", held_back.keys);
}

void LimitMetrics::ShowHeldBack(const char* reason, std::uint64_t count) {
  if (count == 0) return;
  auto at = held_back_.find(reason);
  if (at == held_back_.end()) {
    auto counter =
        registry_.OpenCounter("tidemill_jobs_limit_held_back_total",
                              "How often a limit of a queue held back a job, or a worker that asked for one",
                              {{"queue", queue_}, {"reason", reason}});
    at = held_back_.emplace(reason, Reason{.counter = std::move(counter)}).first;
  }
  at->second.counter->Add(count - std::exchange(at->second.shown, count));
}

void LimitMetrics::ShowLevels(std::int64_t running, std::size_t parked) {
  const auto now_parked = static_cast<std::int64_t>(parked);
  running_->Add(running - std::exchange(running_shown_, running));
  parked_->Add(now_parked - std::exchange(parked_shown_, now_parked));
}

JobMetrics::JobMetrics(metrics::Registry& registry)
    : registry_(registry),
      scheduled_{
          registry.AddGauge("tidemill_jobs", "Jobs that are there, by state", {{"state", "scheduled"}})},
      retries_{registry.AddGauge("tidemill_jobs", "", {{"state", "retry"}})},
      dead_{registry.AddGauge("tidemill_jobs", "", {{"state", "dead"}})},
      working_{registry.AddGauge("tidemill_jobs", "", {{"state", "working"}})},
      enqueued_{registry.AddGauge("tidemill_jobs", "", {{"state", "queued"}})},
      workers_{registry.AddGauge("tidemill_jobs_workers", "Workers that are known")},
      unflushed_{registry.AddGauge("tidemill_jobs_unflushed_rows", "Changes that wait for a commit")},
      queues_{registry.AddGauge("tidemill_jobs_queues", "Queues whose names take a place (jobs.queues_max)")},
      schedules_{registry.AddGauge("tidemill_jobs_schedules", "What is pushed again and again")},
      batches_{registry.AddGauge("tidemill_jobs_batches", "Batches that are there")},
      workflow_jobs_{registry.AddGauge("tidemill_jobs_workflow_jobs",
                                       "Jobs that wait for others, or belong to a workflow")},
      reservations_expired_(PickedUpBy(registry, "reservation_expired")),
      workers_gone_(PickedUpBy(registry, "worker_gone")),
      inbox_looked_(PickedUpBy(registry, "inbox_look")),
      commits_(registry.AddCounter("tidemill_jobs_commits_total", "Flushes that were committed")) {}

void JobMetrics::CountPickedUp(PickedUp how, std::size_t count) {
  switch (how) {
    case PickedUp::kReservationExpired: return reservations_expired_.Add(count);
    case PickedUp::kWorkerGone: return workers_gone_.Add(count);
    case PickedUp::kInbox: return inbox_looked_.Add(count);
  }
}

void JobMetrics::Show(const Counts& counts, std::uint64_t unflushed_rows, std::uint64_t commits) {
  const auto set = [](metrics::Level& level, std::uint64_t value) {
    level.Set(static_cast<std::int64_t>(value));
  };
  set(scheduled_, counts.scheduled);
  set(retries_, counts.retries);
  set(dead_, counts.dead);
  set(working_, counts.working);
  set(enqueued_, counts.enqueued);
  set(workers_, counts.workers);
  set(unflushed_, unflushed_rows);
  commits_.Add(commits - std::exchange(commits_shown_, commits));
}

JobMetrics::Series& JobMetrics::SeriesOf(std::string_view queue, std::string_view type) {
  std::string name(queue);
  name += '\n';
  name += type;
  if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second;
  // A client may name any.
  if (by_name_.size() >= kKnownMax && type != kOther) return SeriesOf(kOther, kOther);
  const auto open = [&](std::string_view state) {
    return registry_.OpenCounter(
        "tidemill_jobs_changes_total", "Jobs that came into a state",
        {{"queue", std::string(queue)}, {"type", std::string(type)}, {"state", std::string(state)}});
  };
  return by_name_
      .emplace(
          std::move(name),
          Series{
              .queued = open("queued"), .done = open("done"), .failed = open("failed"), .dead = open("dead")})
      .first->second;
}

void JobMetrics::OnChange(const JobChange& change) {
  switch (change.state) {
    case JobState::kQueued: SeriesOf(change.queue, change.type).queued->Add(); break;
    case JobState::kDone: SeriesOf(change.queue, change.type).done->Add(); break;
    case JobState::kRetry:
    case JobState::kFailed: SeriesOf(change.queue, change.type).failed->Add(); break;
    case JobState::kDead: {
      Series& series = SeriesOf(change.queue, change.type);
      if (!change.wid.empty()) series.failed->Add();
      series.dead->Add();
      break;
    }
    default: break;
  }
}

}  // namespace tidemill::jobs
