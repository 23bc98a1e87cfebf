#include "jobs/engine/core.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "jobs/engine/ending.h"
#include "jobs/engine/fetch.h"
#include "jobs/engine/push.h"
#include "jobs/engine/queues.h"
#include "jobs/engine/tenure.h"
#include "jobs/job/names.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

constexpr Duration kMetricsInterval = Seconds(1);

// Their timers are the loop's, so they are not destroyed elsewhere.
Task<void> DropHeld(net::Loop& loop, std::unique_ptr<Working::Memory> memory) {
  while (!memory->empty()) {
    memory->DropOne();
    if (loop.ShareSpent()) co_await net::NextTurn(loop);
  }
}

}  // namespace

Core::Core(net::Loop& l, Store& s, EngineOptions o)
    : loop(l),
      store(s),
      options(std::move(o)),
      dispatcher({.text_bytes_max = options.text_bytes_max, .queues_max = options.queues_max}),
      working(l.timers(), [this](Held& held) { Expire(*this, held); }),
      later(options.later_in_memory, options.later_text_bytes_max),
      locks(options.unique_max),
      workers(l, options.rescue_after, options.workers_max,
              [this](const std::string& wid) { scope.Spawn(Rescue(*this, wid)); }),
      limits(*this),
      flusher(l, s, *this, options),
      promoter(*this),
      upkeep(*this),
      inbox(*this),
      schedules(*this) {
  plugins.push_back(&schedules);
  if (options.metrics != nullptr) {
    metrics = std::make_unique<JobMetrics>(*options.metrics);
    listeners.push_back(metrics.get());
  }
}

Core::~Core() = default;

Result<> Core::Serving() const {
  if (phase == Phase::kServing && !is_clearing) return {};
  return Fail(Errc::kNotAvailable, Problem().value_or("the jobs are not served here now"));
}

void Core::SetProblem(std::string why) {
  const std::scoped_lock lock(problem_mutex);
  problem = std::move(why);
}

std::optional<std::string> Core::Problem() const {
  const std::scoped_lock lock(problem_mutex);
  if (problem.empty()) return std::nullopt;
  return problem;
}

Result<queue::QueueId> Core::OpenQueue(std::string_view name) {
  if (!job::IsQueueName(name)) {
    return Fail(
        Errc::kInvalidArgument,
        fmt::format("queue names must match [a-zA-Z0-9._-]+, with at most {} bytes", job::kQueueBytesMax));
  }
  if (const auto known = dispatcher.Find(name)) return *known;
  if (dispatcher.IsFull()) CloseOne(*this);
  const auto id = dispatcher.Open(name);
  if (!id) {
    return Fail(Errc::kLimitExceeded,
                id.error().detail + " with jobs, fetches, a pause or limits (jobs.queues_max)");
  }
  if (id->value() == queues.size()) queues.emplace_back();
  const auto found = options.queues.find(name);
  At(*id) = {.settings = found == options.queues.end() ? options.other_queues : found->second};
  limits.Opened(*id);
  return *id;
}

QueuePin::QueuePin(Core& core, queue::QueueId queue) : core_(core), queue_(queue) { ++core.At(queue).pins; }
QueuePin::~QueuePin() { --core_.At(queue_).pins; }

std::uint64_t Core::ReadyIn(queue::QueueId queue) const {
  const QueueState& state = queues[queue.value()];
  const std::uint64_t all = dispatcher.Jobs(queue).size() + limits.Parked(queue) + state.parked;
  // One that was removed may be out of its queue, for its text.
  return all - std::min(all, state.removed);
}

Gathering& Core::GatherFor(queue::QueueId queue) {
  return flusher.Gather(queues[queue.value()].settings.durability == Durability::kDurable
                            ? Flusher::Answers::kAfterCommit
                            : Flusher::Answers::kAtOnce);
}

void Core::ForgetInMemory(const std::string& jid, JobId id) {
  const auto found = in_memory.find(jid);
  if (found != in_memory.end() && found->second.id == id) in_memory.erase(found);
}

void Core::Count(Wait wait, std::int64_t by) {
  std::uint64_t& count = wait == Wait::kScheduled ? counts.scheduled
                         : wait == Wait::kRetry   ? counts.retries
                                                  : blocked;
  count += static_cast<std::uint64_t>(by);
}

JobChange Core::ChangeOf(const Held& held, JobState state) const {
  return {.state = state,
          .jid = held.jid,
          .queue = dispatcher.Name(held.queue),
          .type = held.type,
          .batch = held.batch,
          .wid = held.wid,
          .attempt = held.attempt,
          .at = Now(),
          .due_at = {},
          .result = {},
          .error = {}};
}

JobChange Core::ChangeOf(const StoredJob& job, JobState state) const {
  return {.state = state,
          .jid = job.jid,
          .queue = job.queue,
          .type = job.type,
          .batch = {},
          .wid = {},
          .at = Now(),
          .due_at = {},
          .result = {},
          .error = {}};
}

Counts Core::AllCounts() const {
  Counts all = counts;
  all.scheduled += blocked;
  all.working = working.size();
  for (std::uint32_t i = 0; i < queues.size(); ++i) all.enqueued += ReadyIn(queue::QueueId(i));
  all.processed = stats.total().processed;
  all.failures = stats.total().failed;
  all.workers = workers.size();
  return all;
}

void Core::Forget(const Error& why) {
  ++tenure;
  is_clearing = false;
  forgotten.Add(flusher.Reset(why));
  promoter.Stop();
  upkeep.Stop();
  inbox.Stop();
  for (std::uint32_t i = 0; i < queues.size(); ++i) {
    const queue::QueueId id(i);
    forgotten.Add(dispatcher.MutableJobs(id).Clear());
    const std::uint64_t waiting = queues[i].waiting;
    queues[i] = {.settings = queues[i].settings, .waiting = waiting, .pins = queues[i].pins};
    dispatcher.Resume(id);
  }
  scope.Spawn(DropHeld(loop, working.Clear()));
  limits.Forget();
  for (std::uint32_t i = 0; i < queues.size(); ++i) {
    if (const queue::QueueId id(i); dispatcher.IsOpen(id)) limits.Opened(id);
  }
  forgotten.Add(later.Clear());
  forgotten.Add(locks.Clear());
  forgotten.Take(ready_jids);
  forgotten.Take(orphans);
  stats.Clear();
  counts = {};
  blocked = 0;
  forgotten.Take(removed);
  forgotten.Take(parked);
  forgotten.Take(rescued);
  forgotten.Take(in_memory);
  for (EnginePlugin* const plugin : plugins) plugin->Forget();
  forgotten.Destroy();
}

void Core::BeforeFlush(Gathering& gathering) {
  const MonotonicTime before = loop.clock().Now() + Duration{-options.claim_after.ms};
  while (Held* const held = working.FirstUnclaimed()) {
    if (!claims_all && before < held->since_monotonic) break;
    working.Claimed(*held);
    if (!IsInMemory(held->id)) {
      gathering.PutClaim({.id = held->id, .wid = held->wid, .until = held->until});
    }
  }
  for (EnginePlugin* const plugin : plugins) plugin->BeforeFlush(gathering);
  const MonotonicTime now = loop.clock().Now();
  stats.Write(now, gathering);
  if (metrics == nullptr) return;
  if (now - metrics_shown_at < kMetricsInterval) return upkeep.WriteStatsSoon();  // and shown with them
  metrics_shown_at = now;
  metrics->Show(AllCounts(), flusher.unflushed_rows(), flusher.commits());
  metrics->ShowSchedules(schedules.size());
  metrics->ShowQueues(dispatcher.open());
  limits.ShowMetrics(*options.metrics);
}

void Core::OnArrived(PushedJob&& job) { Arrive(*this, std::move(job)); }
void Core::OnDropped(const PushedJob& job, KeptGatherings kept) { Drop(*this, job, kept); }
void Core::OnFenced() { LoseLease(*this); }
bool Core::OnRefused(const Error& why) { return StartOver(*this, why); }

}  // namespace tidemill::jobs
