#include "jobs/engine/metrics.h"

#include <utility>

namespace tidemill::jobs {
namespace {

constexpr std::string_view kOther = "other";

}  // namespace

LimitMetrics::LimitMetrics(metrics::Registry& registry, std::string_view queue)
    : running_(registry.OpenGauge("tidemill_jobs_limit_running",
                                  "What runs of a queue that has limits; a job counts as its weight says",
                                  {{"queue", std::string(queue)}})),
      parked_(registry.OpenGauge("tidemill_jobs_limit_parked",
                                 "Jobs of a queue that its limits by key hold back",
                                 {{"queue", std::string(queue)}})) {}

void LimitMetrics::Show(std::int64_t running, std::size_t parked) {
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
      schedules_{registry.AddGauge("tidemill_jobs_schedules", "What is pushed again and again")},
      batches_{registry.AddGauge("tidemill_jobs_batches", "Batches that are there")},
      workflow_jobs_{registry.AddGauge("tidemill_jobs_workflow_jobs",
                                       "Jobs that wait for others, or belong to a workflow")},
      commits_(registry.AddCounter("tidemill_jobs_commits_total", "Flushes that were committed")) {}

void JobMetrics::Level::Set(std::uint64_t value) {
  const auto level = static_cast<std::int64_t>(value);
  gauge.Add(level - std::exchange(shown, level));
}

void JobMetrics::Show(const Counts& counts, std::uint64_t unflushed_rows, std::uint64_t commits) {
  scheduled_.Set(counts.scheduled);
  retries_.Set(counts.retries);
  dead_.Set(counts.dead);
  working_.Set(counts.working);
  enqueued_.Set(counts.enqueued);
  workers_.Set(counts.workers);
  unflushed_.Set(unflushed_rows);
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
