#include "jobs/engine/limit_keeper.h"

#include <fmt/format.h>

#include <utility>

#include "jobs/engine/core.h"
#include "jobs/engine/fetch.h"
#include "jobs/engine/refill.h"
#include "jobs/limits/limits_json.h"
#include "net/next_turn.h"

namespace tidemill::jobs {
namespace {

constexpr std::size_t kOfferedAtOnce = 64;  // parked jobs, of one queue and turn
constexpr std::size_t kLookedAtMax = 64;    // throttled fetches
constexpr std::size_t kQueuesAtOnce = 16;

Limiter::Ask AskFor(const job::Job& job, JobId id, std::string_view wid, std::string_view key) {
  return {.id = id, .wid = wid, .key = key, .weight = job.flow ? job.flow->weight : 1};
}

}  // namespace

LimitKeeper::LimitKeeper(Core& core) : core_(core) {
  for (const auto& [name, queue] : core.options.queues) {
    if (queue.limits.limits_anything()) configured_.emplace(name, queue.limits);
  }
}
LimitKeeper::~LimitKeeper() { core_.loop.Disarm(*this); }

LimitKeeper::Queue* LimitKeeper::Limited(queue::QueueId queue) const {
  return queue.value() < queues_.size() ? queues_[queue.value()].get() : nullptr;
}

const Limiter* LimitKeeper::Find(queue::QueueId queue) const {
  const Queue* const state = Limited(queue);
  return state == nullptr ? nullptr : state->limiter.get();
}

std::uint64_t LimitKeeper::Parked(queue::QueueId queue) const {
  const Limiter* const limiter = Find(queue);
  return limiter == nullptr ? 0 : limiter->parked();
}

Result<> LimitKeeper::MayChange(std::string_view queue) const {
  if (!IsConfigured(queue)) return {};
  return Fail(Errc::kPermissionDenied,
              fmt::format("the limits of queue {} are of the configuration (jobs.queues.{}.limits or "
                          "throttles.{}); change them there",
                          queue, queue, queue));
}

const QueueLimits& LimitKeeper::LimitsOf(std::string_view queue) const {
  if (const auto found = configured_.find(queue); found != configured_.end()) return found->second;
  if (const auto found = set_.find(queue); found != set_.end()) return found->second;
  return core_.options.other_queues.limits;
}

Result<> LimitKeeper::Set(std::string_view name, QueueLimits limits) {
  TM_TRY(core_.Serving());
  TM_TRY(MayChange(name));
  TM_TRY(Check(limits));
  TM_TRY_ASSIGN(const queue::QueueId queue, core_.OpenQueue(name));
  Record record{.kind = std::string(kLimitsKind), .key = std::string(name), .value = {}, .expires_at = {}};
  AppendLimits(limits, record.value);
  core_.flusher.Gather().Put(std::move(record));
  set_.insert_or_assign(std::string(name), limits);
  Apply(queue, std::move(limits));
  return {};
}

Result<> LimitKeeper::Reset(std::string_view name) {
  TM_TRY(core_.Serving());
  TM_TRY(MayChange(name));
  TM_TRY_ASSIGN(const queue::QueueId queue, core_.OpenQueue(name));
  core_.flusher.Gather().Remove(RecordKey{.kind = std::string(kLimitsKind), .key = std::string(name)});
  set_.erase(std::string(name));
  Apply(queue, LimitsOf(name));
  return {};
}

void LimitKeeper::Configure(std::map<std::string, QueueLimits, std::less<>> limits) {
  configured_.swap(limits);
  core_.forgotten.Take(limits);
  core_.forgotten.Destroy();
  core_.scope.Spawn(TakeOver(*this, ++take_over_));
}

Task<void> LimitKeeper::TakeOver(LimitKeeper& self, std::uint64_t number) {
  net::Loop& loop = self.core_.loop;
  const auto apply = [&](queue::QueueId queue) {
    const QueueLimits& wanted = self.LimitsOf(self.core_.dispatcher.Name(queue));
    const Limiter* const has = self.Find(queue);
    if (has == nullptr ? wanted.limits_anything() : has->limits() != wanted) self.Apply(queue, wanted);
  };
  for (std::uint32_t i = 0; i < self.queues_.size(); ++i) {
    if (self.queues_[i] != nullptr) apply(queue::QueueId(i));
    if (loop.ShareSpent()) co_await net::NextTurn(loop);
    if (number != self.take_over_) co_return;
  }
  std::string name;
  for (auto at = self.configured_.begin(); at != self.configured_.end();
       at = self.configured_.upper_bound(name)) {
    name = at->first;
    if (const auto queue = self.core_.dispatcher.Find(name)) apply(*queue);
    if (loop.ShareSpent()) co_await net::NextTurn(loop);
    if (number != self.take_over_) co_return;
  }
}

void LimitKeeper::Opened(queue::QueueId queue) {
  const QueueLimits& limits = LimitsOf(core_.dispatcher.Name(queue));
  if (limits.limits_anything()) Apply(queue, limits);
}

bool LimitKeeper::MayClose(queue::QueueId queue) const {
  const std::string_view name = core_.dispatcher.Name(queue);
  if (configured_.contains(name) || set_.contains(name)) return false;
  const Queue* const state = Limited(queue);
  return state == nullptr ||
         (state->limiter->held() == 0 && state->limiter->parked() == 0 && state->throttled.empty() &&
          !state->wakes_at && !state->is_dirty && !state->is_counting);
}

void LimitKeeper::Closed(queue::QueueId queue) {
  if (queue.value() < queues_.size()) queues_[queue.value()].reset();
}

Result<> LimitKeeper::Load(const Record& record) {
  TM_TRY_ASSIGN(QueueLimits limits, ParseLimits(record.value));
  set_.insert_or_assign(record.key, std::move(limits));
  TM_TRY_ASSIGN(const queue::QueueId queue, core_.OpenQueue(record.key));
  Apply(queue, LimitsOf(record.key));
  return {};
}

// What runs is counted by whoever limits the queue from now on.
void LimitKeeper::Apply(queue::QueueId queue, QueueLimits limits) {
  Queue* const before = Limited(queue);
  if (before != nullptr) {
    before->limiter->SetLimits(std::move(limits));
    return Touch(queue);
  }
  if (!limits.limits_anything()) return;
  if (queues_.size() <= queue.value()) queues_.resize(queue.value() + 1);
  queues_[queue.value()] = std::make_unique<Queue>();
  queues_[queue.value()]->limiter = std::make_unique<Limiter>(std::move(limits));
  if (core_.At(queue).working == 0) return;
  queues_[queue.value()]->is_counting = true;
  to_count_.push_back(queue);
  if (!std::exchange(counts_, true)) core_.scope.Spawn(CountRunning(*this));
}

// All queues that wait for it share one walk over what runs. What begins meanwhile, elsewhere than in them,
// is counted when it does.
Task<void> LimitKeeper::CountRunning(LimitKeeper& self) {
  const std::uint64_t tenure = self.core_.tenure;
  net::Loop& loop = self.core_.loop;
  while (!self.to_count_.empty()) {
    const std::vector<queue::QueueId> counted = std::exchange(self.to_count_, {});
    Working::Cursor cursor;
    const auto count = [&](const Held& held) {
      const Queue* const state = self.Limited(held.queue);
      if (state == nullptr || !state->is_counting) return;
      const auto job = job::ParseJob(held.text, self.core_.Now(), kStoredTextBytesMax);
      if (job) self.Continued(*job, held);
    };
    while (self.core_.working.VisitSome(cursor, count)) {
      if (!loop.ShareSpent()) continue;
      co_await net::NextTurn(loop);
      if (tenure != self.core_.tenure) co_return;
    }
    for (const queue::QueueId queue : counted) {
      self.Limited(queue)->is_counting = false;
      self.Touch(queue);
    }
  }
  self.counts_ = false;
}

void LimitKeeper::Forget() {
  core_.loop.timers().Cancel(*this);
  core_.loop.Disarm(*this);
  for (const auto& state : queues_) {
    while (Throttled* const throttled = state == nullptr ? nullptr : state->throttled.front()) {
      throttled->Unlink();
      core_.loop.ArmBehind(*throttled->waiting);
    }
  }
  core_.forgotten.Take(queues_);
  to_count_.clear();
  counts_ = false;
  set_.clear();
  dirty_.clear();
  wakes_.clear();
}

void LimitKeeper::ShowMetrics(metrics::Registry& registry) {
  for (std::uint32_t i = 0; i < queues_.size(); ++i) {
    if (queues_[i] == nullptr) continue;
    Queue& queue = *queues_[i];
    if (!queue.metrics) {
      queue.metrics =
          std::make_unique<LimitMetrics>(registry, std::string(core_.dispatcher.Name(queue::QueueId(i))));
    }
    queue.metrics->Show(*queue.limiter);
  }
}

bool LimitKeeper::MayFetch(queue::QueueId queue, std::string_view wid) const {
  const Queue* const state = Limited(queue);
  if (state == nullptr) return true;
  return !state->is_counting && state->limiter->MayFetch(wid, core_.loop.clock().Now());
}

void LimitKeeper::Wait(queue::QueueId queue, Throttled& throttled) {
  Queue* const state = Limited(queue);
  if (state == nullptr) return;
  if (!state->is_counting) state->limiter->LeftOut(core_.loop.clock().Now());
  state->throttled.PushBack(throttled);
  ScheduleWake(queue, *state);
}

LimitKeeper::Verdict LimitKeeper::Begin(const job::Job& job, queue::QueueId queue, queue::Entry& entry,
                                        std::string_view wid) {
  Queue* const state = Limited(queue);
  if (state == nullptr) return Verdict::kRun;
  if (state->is_counting) return Verdict::kPutBack;
  Limiter& limiter = *state->limiter;
  const std::string key = LimitKeyOf(limiter.limits(), entry.text, job.flow);
  const MonotonicTime now = core_.loop.clock().Now();
  const auto verdict = limiter.Admit(AskFor(job, entry.id, wid, key), now);
  // Somebody else may take it, or the next one: not from within here.
  Touch(queue);
  switch (verdict) {
    case Limiter::Verdict::kRun: return Verdict::kRun;
    case Limiter::Verdict::kQueue:
    case Limiter::Verdict::kWorker: return Verdict::kPutBack;
    case Limiter::Verdict::kKey: break;
  }
  limiter.Park({.entry = std::move(entry),
                .priority = job.priority,
                .key = key,
                .weight = job.flow ? job.flow->weight : 1});
  return Verdict::kParked;
}

void LimitKeeper::Continued(const job::Job& job, const Held& held) {
  Queue* const state = Limited(held.queue);
  if (state == nullptr) return;
  const std::string key = LimitKeyOf(state->limiter->limits(), held.text, job.flow);
  state->limiter->Hold(AskFor(job, held.id, held.wid, key), core_.loop.clock().Now());
}

void LimitKeeper::Released(queue::QueueId queue, JobId id) {
  Queue* const state = Limited(queue);
  if (state == nullptr) return;
  state->limiter->Release(id, core_.loop.clock().Now());
  Touch(queue);
}

void LimitKeeper::Dropped(queue::QueueId queue, JobId id) {
  Queue* const state = Limited(queue);
  if (state == nullptr) return;
  state->limiter->Dropped(id);
  Touch(queue);
}

void LimitKeeper::Arrived(queue::QueueId queue) {
  Queue* const state = Limited(queue);
  if (state != nullptr && !state->throttled.empty()) Touch(queue);
}

std::optional<ParkedJob> LimitKeeper::TakeParked(queue::QueueId queue) {
  Queue* const state = Limited(queue);
  return state == nullptr ? std::nullopt : state->limiter->TakeAnyParked();
}

void LimitKeeper::Touch(queue::QueueId queue) {
  Queue* const state = Limited(queue);
  if (state == nullptr || std::exchange(state->is_dirty, true)) return;
  dirty_.push_back(queue);
  core_.loop.ArmBehind(*this);
}

void LimitKeeper::OnReady(std::uint32_t) {
  std::vector<queue::QueueId> dirty = std::exchange(dirty_, {});
  for (std::size_t i = 0; i < dirty.size(); ++i) {
    if (i >= kQueuesAtOnce && core_.loop.ShareSpent()) {
      dirty_.insert(dirty_.end(), dirty.begin() + static_cast<std::ptrdiff_t>(i), dirty.end());
      return core_.loop.ArmBehind(*this);
    }
    if (Queue* const state = Limited(dirty[i])) {
      state->is_dirty = false;
      Wake(dirty[i]);
    }
  }
}

// Parked jobs whose keys have room go to the front of the queue; then one who waits is given a chance, who
// wakes the next when it has begun a job (Begin touches the queue).
void LimitKeeper::Wake(queue::QueueId queue) {
  Queue* state = Limited(queue);
  const MonotonicTime now = core_.loop.clock().Now();
  state->limiter->Advance(now);
  std::size_t offered = 0;
  while (offered < kOfferedAtOnce) {
    auto parked = state->limiter->TakeParked(now);
    if (!parked) break;
    ++offered;
    core_.dispatcher.MutableJobs(queue).PushFront(std::move(parked->entry), parked->priority);
  }
  if (offered == kOfferedAtOnce) Touch(queue);
  if (core_.dispatcher.Jobs(queue).size() > 0) WakeOne(queue, *state);
  ScheduleWake(queue, *state);
}

void LimitKeeper::WakeOne(queue::QueueId queue, Queue& state) {
  for (std::size_t i = 0; i < kLookedAtMax && !state.throttled.empty(); ++i) {
    Throttled& throttled = *state.throttled.front();
    throttled.Unlink();
    if (MayFetch(queue, throttled.waiting->wid)) {
      core_.loop.ArmBehind(*throttled.waiting);  // it asks again, for all of its queues
      return;
    }
    state.throttled.PushBack(throttled);
  }
  // Those who wait there already have not been left out.
  if (!IsFull(queue)) core_.dispatcher.Pump(queue, 1);
}

void LimitKeeper::ScheduleWake(queue::QueueId queue, Queue& state) {
  const auto next = state.limiter->NextChange(core_.loop.clock().Now());
  if (next == state.wakes_at) return;
  if (state.wakes_at) wakes_.erase({*state.wakes_at, queue.value()});
  state.wakes_at = next;
  if (next) wakes_.insert({*next, queue.value()});
  if (wakes_.empty()) return core_.loop.timers().Cancel(*this);
  core_.loop.timers().Schedule(*this, wakes_.begin()->first);
}

void LimitKeeper::OnTimer() {
  const MonotonicTime now = core_.loop.clock().Now();
  while (!wakes_.empty() && wakes_.begin()->first <= now) {
    const queue::QueueId queue(wakes_.begin()->second);
    wakes_.erase(wakes_.begin());
    Limited(queue)->wakes_at.reset();
    Touch(queue);
  }
  if (!wakes_.empty()) core_.loop.timers().Schedule(*this, wakes_.begin()->first);
}

}  // namespace tidemill::jobs
