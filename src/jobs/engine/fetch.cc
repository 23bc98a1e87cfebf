#include "jobs/engine/fetch.h"

#include <fmt/format.h>

#include <utility>

#include "base/log.h"
#include "jobs/engine/ending.h"
#include "jobs/engine/refill.h"
#include "jobs/job/retry.h"
#include "net/next_turn.h"
#include "net/sleep.h"

namespace tidemill::jobs {
namespace {

constexpr std::size_t kQueuesMax = 1000;       // of one fetch
constexpr std::size_t kLookedThroughMax = 64;  // jobs that are not to be given to anybody, of one turn
constexpr std::size_t kPumpedAtOnce = 64;
constexpr Duration kLookForLease = Milliseconds(100);
constexpr Duration kLoadAgainAfter = Seconds(1);

void StopCounting(Waiting& waiting) {
  waiting.throttled.clear();
  if (!std::exchange(waiting.is_counted, false)) return;
  for (const queue::QueueId queue : waiting.queues) --waiting.core.At(queue).waiting;
}

void WaitForJob(Waiting& waiting) {
  Core& core = waiting.core;
  std::vector<queue::QueueId> allowed;
  for (const queue::QueueId queue : waiting.queues) {
    if (core.limits.empty() || core.limits.MayFetch(queue, waiting.wid)) {
      allowed.push_back(queue);
      continue;
    }
    auto& throttled = waiting.throttled.emplace_back(std::make_unique<Throttled>());
    throttled->waiting = &waiting;
    core.limits.Wait(queue, *throttled);
  }
  if (!allowed.empty()) core.dispatcher.Wait(waiting, allowed);
  waiting.is_counted = true;
  for (const queue::QueueId queue : waiting.queues) ++waiting.core.At(queue).waiting;
}

// What becomes of a job that was taken for somebody.
enum class Taken : std::uint8_t {
  kGone,     // nobody gets it: the next one, please
  kHandled,  // the fetch is over, or goes on by itself; it may be destroyed
};
Taken Begin(Waiting& waiting, queue::QueueId queue, queue::Entry entry);

// A job of the first queue that has one and may give it.
std::optional<queue::Dispatcher::Taken> TakeFor(const Waiting& waiting) {
  Core& core = waiting.core;
  if (core.limits.empty()) return core.dispatcher.Fetch(waiting.queues);
  for (const queue::QueueId& queue : waiting.queues) {
    if (!core.limits.MayFetch(queue, waiting.wid)) continue;
    if (auto taken = core.dispatcher.Fetch({&queue, 1})) return taken;
  }
  return std::nullopt;
}

void Serve(Waiting& waiting) {
  for (std::size_t looked_through = 0; looked_through < kLookedThroughMax; ++looked_through) {
    auto taken = TakeFor(waiting);
    if (!taken) return WaitForJob(waiting);
    if (Begin(waiting, taken->queue, std::move(taken->entry)) == Taken::kHandled) return;
  }
  waiting.core.loop.ArmBehind(waiting);
}

// What goes before others is popped at once, and may not be written yet.
Task<Result<std::vector<JobPage::Item>>> LoadWritten(Core& core, JobId id) {
  TM_CO_TRY(co_await AllWritten(core.flusher));
  co_return co_await core.store.Load(Place::kReady, std::vector<JobId>(1, id));
}

Task<void> LoadText(Core& core, std::shared_ptr<Waiting*> asker, queue::QueueId queue, queue::Entry entry) {
  const QueuePin pin(core, queue);
  const std::uint64_t tenure = core.tenure;
  Result<std::vector<JobPage::Item>> found;
  while (true) {
    found = co_await LoadWritten(core, entry.id);
    if (found || tenure != core.tenure) break;
    log::Warn("jobs.load_failed", {{"error", found.error().detail}});
    co_await net::Sleep(core.loop, kLoadAgainAfter);
  }
  Waiting* const waiting = *asker;
  if (waiting != nullptr) waiting->loading.reset();
  if (tenure != core.tenure) {
    if (waiting != nullptr) WaitForJob(*waiting);
    co_return;
  }
  bool is_gone = TakeRemoved(core, queue, entry.id);
  if (!is_gone && found->empty()) {
    log::Error("jobs.row_missing", {{"id", entry.id.value()}});
    core.limits.Dropped(queue, entry.id);
    is_gone = true;
  }
  if (!is_gone) {
    entry.text = std::move(found->front().job.text);
  }
  if (waiting == nullptr) {
    if (!is_gone) Release(core, queue, std::move(entry), found->front().job.priority);
    co_return;
  }
  if (is_gone || Begin(*waiting, queue, std::move(entry)) == Taken::kGone) Serve(*waiting);
}

// Another node may have taken the jobs over, and have done with this one: it waits until that is clear.
Task<void> ServeWhenSure(Core& core, std::shared_ptr<Waiting*> asker) {
  while (*asker != nullptr && core.phase == Core::Phase::kServing && !core.IsSureOfLease()) {
    co_await net::Sleep(core.loop, kLookForLease);
  }
  Waiting* const waiting = *asker;
  if (waiting == nullptr) co_return;
  waiting->loading.reset();
  if (core.phase != Core::Phase::kServing) {
    WaitForJob(*waiting);
    co_return;
  }
  const std::vector<queue::QueueId> queues = waiting->queues;
  Serve(*waiting);
  for (const queue::QueueId queue : queues) core.scope.Spawn(Pump(core, queue));
}

// Whether nobody is to get the job, and that is done with it.
bool IsOver(Core& core, queue::QueueId queue, const job::Job& job, queue::Entry& entry) {
  if (job.expires_at && *job.expires_at <= core.Now()) {
    Discard(core, {.job = &job, .id = entry.id, .queue = queue, .place = Place::kReady},
            core.GatherFor(queue));
    return true;
  }
  if (core.working.Find(job.jid) != nullptr) {
    if (!IsInMemory(entry.id)) std::string().swap(entry.text);
    ++core.At(queue).parked;
    core.parked.emplace(job.jid, Parked{.queue = queue, .entry = std::move(entry), .priority = job.priority});
    return true;
  }
  return false;
}

Task<void> PumpInTurns(Core& core, queue::QueueId queue) {
  const std::uint64_t tenure = core.tenure;
  co_await net::NextTurn(core.loop);
  if (tenure == core.tenure) co_await Pump(core, queue);
  if (tenure == core.tenure) core.At(queue).is_pumping = false;
}

// Not from within here: thousands may wait that are not to have it either.
void PumpSoon(Core& core, queue::QueueId queue) {
  if (core.At(queue).waiting == 0 || std::exchange(core.At(queue).is_pumping, true)) return;
  core.scope.Spawn(PumpInTurns(core, queue));
}

Taken Begin(Waiting& waiting, queue::QueueId queue, queue::Entry entry) {
  Core& core = waiting.core;
  if (TakeRemoved(core, queue, entry.id)) return Taken::kGone;
  if (!core.IsSureOfLease()) {
    core.dispatcher.MutableJobs(queue).PushFront(std::move(entry), queue::kPriorityMax);
    waiting.loading = std::make_shared<Waiting*>(&waiting);
    core.scope.Spawn(ServeWhenSure(core, waiting.loading));
    return Taken::kHandled;
  }
  if (core.workers.StateOf(waiting.wid) != WorkerState::kRunning) {
    Release(core, queue, std::move(entry), queue::kPriorityMax);
    return Taken::kHandled;
  }
  if (entry.text.empty()) {
    waiting.loading = std::make_shared<Waiting*>(&waiting);
    core.scope.Spawn(LoadText(core, waiting.loading, queue, std::move(entry)));
    return Taken::kHandled;
  }
  RefillIfLow(core, queue);
  auto job = job::ParseJob(entry.text, core.Now(), kStoredTextBytesMax);
  if (!job) {
    Bury(core, entry.id, queue, job.error().detail);
    core.limits.Dropped(queue, entry.id);
    return Taken::kGone;
  }
  const JobId id = entry.id;
  if (IsOver(core, queue, *job, entry)) {
    core.limits.Dropped(queue, id);
    return Taken::kGone;
  }
  switch (core.limits.Begin(*job, queue, entry, waiting.wid)) {
    case LimitKeeper::Verdict::kRun: break;
    case LimitKeeper::Verdict::kPutBack:
      core.dispatcher.MutableJobs(queue).PushFront(std::move(entry), job->priority);
      return Taken::kGone;
    case LimitKeeper::Verdict::kParked: return Taken::kGone;
  }
  auto held = MakeHeld(core, *job, queue, std::move(entry));
  held->wid = waiting.wid;
  const Duration reserved_for = job::Reservation(*job);
  held->until = held->since + reserved_for;
  Held& begun = core.working.Add(std::move(held), core.loop.clock().Now() + reserved_for);
  ++core.At(queue).working;
  core.moves.Note(begun.id);
  if (job->unique && job->unique->until == job::Unique::Until::kStart) {
    core.locks.Release(job->unique->key, begun.jid, core.GatherFor(queue));
  }
  core.upkeep.ClaimSoon();
  core.Changed(core.ChangeOf(begun, JobState::kWorking));
  waiting.request->OnJob({.jid = begun.jid,
                          .queue = job->queue,
                          .type = begun.type,
                          .text = begun.text,
                          .attempt = begun.attempt,
                          .until = begun.until});
  return Taken::kHandled;
}

}  // namespace

FetchRequest::FetchRequest() = default;
FetchRequest::~FetchRequest() = default;

Waiting::~Waiting() {
  StopCounting(*this);
  for (const queue::QueueId queue : queues) --core.At(queue).pins;
  core.loop.Disarm(*this);
  if (loading != nullptr) *loading = nullptr;
}

void Waiting::OnJob(queue::QueueId queue, queue::Entry entry) {
  StopCounting(*this);
  if (Begin(*this, queue, std::move(entry)) == Taken::kGone) Serve(*this);
}

void Waiting::OnReady(std::uint32_t) {
  StopCounting(*this);
  StopWaiting();
  Serve(*this);
}

std::unique_ptr<Held> MakeHeld(Core& core, const job::Job& job, queue::QueueId queue, queue::Entry entry) {
  auto held = core.working.Make();
  held->id = entry.id;
  held->queue = queue;
  held->jid = job.jid;
  held->type = job.type;
  held->text = std::move(entry.text);
  held->batch = job.batch;
  held->priority = job.priority;
  held->attempt = job::AttemptOf(job);
  held->roles = Roles::Of(job);
  held->is_tracked = job.is_tracked;
  if (job.unique && job.unique->until == job::Unique::Until::kSuccess) held->lock_key = job.unique->key;
  held->since = core.Now();
  held->since_monotonic = core.loop.clock().Now();
  return held;
}

bool TakeRemoved(Core& core, queue::QueueId queue, JobId id) {
  if (core.removed.empty() || core.removed.erase(id.value()) == 0) return false;
  --core.At(queue).removed;
  core.limits.Dropped(queue, id);
  return true;
}

Result<> Fetch(Core& core, FetchRequest& request, std::string_view wid, std::span<const std::string> queues) {
  TM_TRY(core.Serving());
  if (queues.empty()) return Fail(Errc::kInvalidArgument, "must call fetch with at least one queue");
  if (wid.size() > WorkerTable::kWidBytesMax || !IsWid(wid)) {
    return Fail(Errc::kInvalidArgument, "a worker's wid is text without control characters");
  }
  if (queues.size() > kQueuesMax) {
    return Fail(Errc::kLimitExceeded, fmt::format("a fetch names at most {} queues", kQueuesMax));
  }
  auto& waiting = Waiting::Of(request);
  waiting = std::make_unique<Waiting>(core, request, wid);
  waiting->queues.reserve(queues.size());
  for (const std::string& name : queues) {
    TM_TRY_ASSIGN(const queue::QueueId queue, core.OpenQueue(name));
    waiting->queues.push_back(queue);
    ++core.At(queue).pins;
  }
  if (core.workers.StateOf(wid) == WorkerState::kRunning) Serve(*waiting);
  return {};
}

Task<void> Pump(Core& core, queue::QueueId queue) {
  const std::uint64_t tenure = core.tenure;
  while (tenure == core.tenure && core.dispatcher.Pump(queue, kPumpedAtOnce)) {
    co_await net::NextTurn(core.loop);
  }
}

void Release(Core& core, queue::QueueId queue, queue::Entry entry, int priority) {
  core.moves.Note(entry.id);
  core.dispatcher.MutableJobs(queue).PushFront(std::move(entry), priority);
  if (!core.limits.IsFull(queue)) PumpSoon(core, queue);
  core.limits.Arrived(queue);
}

void Unpark(Core& core, std::string_view jid) {
  if (core.parked.empty() || core.working.Find(jid) != nullptr) return;
  for (auto found = core.parked.find(jid); found != core.parked.end(); found = core.parked.find(jid)) {
    Parked parked = std::move(found->second);
    core.parked.erase(found);
    --core.At(parked.queue).parked;
    if (TakeRemoved(core, parked.queue, parked.entry.id)) continue;
    return Release(core, parked.queue, std::move(parked.entry), parked.priority);
  }
}

}  // namespace tidemill::jobs
