#include "jobs/engine/tenure.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "jobs/engine/fetch.h"
#include "jobs/engine/recovery.h"
#include "net/sleep.h"

namespace tidemill::jobs {
namespace {

constexpr Duration kAskAgainAfter = Milliseconds(500);
constexpr Duration kLastFlushMax =
    Seconds(10);  // of a stop: a store that is away for longer is not waited for
// The same before a clearing, which is refused then.
constexpr Duration kClearAfterMax = Seconds(10);
// The same of a lease that is asked for as the node stops.
constexpr Duration kReleaseMax = Seconds(2);
constexpr Duration kLookAgainAfter = Milliseconds(20);

LeaseRequest RequestOf(const Core& core) {
  return {.node = core.options.node, .address = core.address, .ttl = core.options.lease_ttl};
}

bool IsStopping(const Core& core) { return core.phase == Core::Phase::kStopping; }

Task<void> LearnOwner(Core& core) {
  auto owner = co_await core.store.FindOwner();
  if (!owner || !*owner) co_return;
  core.other_owner = **owner;
  core.SetProblem(fmt::format("node {} has the jobs{}{}", (*owner)->node,
                              (*owner)->address.empty() ? "" : ", at ", (*owner)->address));
  core.TenureChanged();
}

// co_await CommitInTime(core, what, deadline): as CommitOf; nullopt: it is not done in time.
class [[nodiscard]] CommitInTime final : CommitWaiter, net::Timer {
 public:
  enum class What : std::uint8_t { kAllSoFar, kUnderWay };
  CommitInTime(Core& core, What what, MonotonicTime deadline)
      : core_(core), what_(what), deadline_(deadline) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> awaiter) {
    awaiter_ = awaiter;
    core_.loop.timers().Schedule(*this, deadline_);
    if (what_ == What::kAllSoFar) return core_.flusher.Wait(*this);
    core_.flusher.WaitForFlight(*this);
  }
  std::optional<Result<>> await_resume() { return std::move(result_); }

 private:
  void OnCommit(const Result<>& result) override {
    core_.loop.timers().Cancel(*this);
    result_ = result;
    awaiter_.resume();
  }
  void OnTimer() override {
    CommitWaiter::Unlink();
    awaiter_.resume();
  }

  Core& core_;
  const What what_;
  const MonotonicTime deadline_;
  std::coroutine_handle<> awaiter_;
  std::optional<Result<>> result_;
};

Task<Result<Lease>> AskForLease(Core& core) {
  core.is_asking = true;
  auto lease = co_await core.store.Acquire(RequestOf(core));
  core.is_asking = false;
  co_return lease;
}

// Whether it is there. One that comes as the node stops is kept for GiveLeaseBack.
Task<bool> TakeOver(Core& core) {
  core.phase = Core::Phase::kStandby;
  const MonotonicTime asked_at = core.loop.clock().Now();
  const auto lease = co_await AskForLease(core);
  if (lease) {
    core.lease = *lease;
    core.has_lease = true;
    core.renewed_at = asked_at;
  }
  if (IsStopping(core)) co_return false;
  if (!lease) {
    core.SetProblem("the store of jobs: " + lease.error().detail);
    if (lease.error().code == Errc::kPermissionDenied) co_await LearnOwner(core);
    co_return false;
  }
  core.phase = Core::Phase::kRecovering;
  core.SetProblem("the jobs are being read back");
  core.other_owner.reset();
  core.TenureChanged();
  core.flusher.Begin(*lease);
  co_return true;
}

// Nothing stays of what was read for a lease that was lost meanwhile.
Task<Result<>> ReadBack(Core& core) {
  const std::uint64_t tenure = core.tenure;
  core.is_reading_back = true;
  auto recovered = co_await Recover(core);
  core.is_reading_back = false;
  if (tenure == core.tenure) co_return recovered;
  const Error moved{.code = Errc::kNotAvailable, .detail = "the jobs have moved"};
  core.Forget(moved);
  co_return std::unexpected(moved);
}

void Serve(Core& core) {
  core.phase = Core::Phase::kServing;
  core.SetProblem("");
  core.TenureChanged();
  core.promoter.Start();
  core.upkeep.Start();
  core.schedules.Start();
  core.inbox.Start();
  std::uint64_t ready = 0;
  for (std::uint32_t i = 0; i < core.queues.size(); ++i) {
    ready += core.ReadyIn(queue::QueueId(i));
    if (core.queues[i].waiting > 0) core.scope.Spawn(Pump(core, queue::QueueId(i)));
  }
  log::Info("jobs.served", {{"epoch", core.lease.epoch},
                            {"ready", ready},
                            {"working", core.working.size()},
                            {"later", core.counts.scheduled + core.counts.retries},
                            {"dead", core.counts.dead}});
}

// To be spawned: the lease is renewed meanwhile, however long it takes.
Task<void> ReadBackAndServe(Core& core) {
  const std::uint64_t tenure = core.tenure;
  const auto recovered = co_await ReadBack(core);
  if (IsStopping(core) || tenure != core.tenure) co_return;
  if (!recovered) {
    core.has_lease = false;
    core.Forget(recovered.error());
    core.SetProblem("the store of jobs: " + recovered.error().detail);
    log::Error("jobs.recovery_failed", {{"error", recovered.error().detail}});
    co_return;
  }
  while (!core.IsSureOfLease()) {
    core.SetProblem("the store of jobs does not answer whether this node still has them");
    co_await net::Sleep(core.loop, kAskAgainAfter);
    if (IsStopping(core) || tenure != core.tenure) co_return;
  }
  Serve(core);
}

// Returns when the lease is lost, or the node stops.
Task<void> Keep(Core& core) {
  const Duration interval{core.options.lease_ttl.ms / 3};
  MonotonicTime due = core.renewed_at + interval;
  while (core.has_lease && !IsStopping(core)) {
    co_await net::Sleep(core.loop, std::min(interval, kAskAgainAfter));
    if (!core.has_lease || IsStopping(core)) co_return;
    const MonotonicTime asked_at = core.loop.clock().Now();
    if (asked_at < due) continue;
    const auto lease = co_await AskForLease(core);
    if (!core.has_lease || IsStopping(core)) co_return;
    if (lease && lease->epoch == core.lease.epoch) {
      core.renewed_at = asked_at;
    } else if (lease || lease.error().code == Errc::kPermissionDenied) {
      co_return LoseLease(core);
    } else {
      log::Warn("jobs.lease_unsure", {{"error", lease.error().detail}});
    }
    due = core.loop.clock().Now() + interval;
  }
}

// A commit that fails is tried again, as long as there is time. nullopt: the store does not answer.
Task<std::optional<Result<>>> CommitAll(Core& core) {
  const MonotonicTime deadline = core.loop.clock().Now() + kLastFlushMax;
  while (true) {
    core.flusher.MarkWaited();
    auto flushed = co_await CommitInTime(core, CommitInTime::What::kAllSoFar, deadline);
    const bool is_over = !core.has_lease || core.loop.clock().Now() >= deadline;
    if (!flushed || *flushed || is_over) co_return flushed;
    log::Warn("jobs.last_flush_again", {{"error", flushed->error().detail}});
  }
}

// All that was answered is written, and then nothing is under way and nothing begins: the flusher is held.
// One that fails has done nothing.
Task<Result<>> CommitAndHold(Core& core) {
  using What = CommitInTime::What;
  const MonotonicTime deadline = core.loop.clock().Now() + kClearAfterMax;
  core.flusher.MarkWaited();
  auto flushed = co_await CommitInTime(core, What::kAllSoFar, deadline);
  if (flushed && *flushed && core.phase == Core::Phase::kServing) {
    core.flusher.Hold();
    flushed = co_await CommitInTime(core, What::kUnderWay, deadline);
    // Those who stop wait for a flush as well.
    if (!flushed || !*flushed || core.phase != Core::Phase::kServing) core.flusher.GoOn();
  }
  if (!flushed) {
    co_return Fail(Errc::kTimeout, fmt::format("nothing was cleared: the store has not answered for {} s",
                                               kClearAfterMax.ms / 1000));
  }
  if (!*flushed) co_return Fail(flushed->error().code, "nothing was cleared: " + flushed->error().detail);
  co_return Result<>();
}

// Also one that is just being asked for.
Task<void> GiveLeaseBack(Core& core) {
  const MonotonicTime deadline = core.loop.clock().Now() + kReleaseMax;
  while (core.is_asking && core.loop.clock().Now() < deadline) {
    co_await net::Sleep(core.loop, kLookAgainAfter);
  }
  if (!core.has_lease) co_return;
  core.has_lease = false;
  const auto released = co_await core.store.Release(RequestOf(core));
  if (!released) log::Warn("jobs.release_failed", {{"error", released.error().detail}});
}

// Until the lease is taken again nothing is served.
void GiveUp(Core& core, std::string why) {
  core.has_lease = false;
  if (!IsStopping(core)) {
    core.phase = Core::Phase::kStandby;
    core.SetProblem(why);
  }
  core.Forget({.code = Errc::kNotAvailable, .detail = std::move(why)});
  core.TenureChanged();
}

}  // namespace

Task<void> Own(Core& core) {
  while (!IsStopping(core)) {
    if (!core.is_reading_back && co_await TakeOver(core)) {
      core.scope.Spawn(ReadBackAndServe(core));
      co_await Keep(core);
    }
    co_await net::Sleep(core.loop, kAskAgainAfter);
  }
}

void LoseLease(Core& core) {
  log::Error("jobs.lease_lost", {{"epoch", core.lease.epoch}});
  GiveUp(core, "another node has taken the jobs over");
}

// The lease is still this node's: Own takes it again, and reads back what the store has.
bool StartOver(Core& core, const Error& why) {
  if (IsStopping(core)) return false;
  log::Error("jobs.unwritten_abandoned",
             {{"error", why.detail}, {"rows", core.flusher.unflushed_rows()}, {"epoch", core.lease.epoch}});
  GiveUp(core, "the store refuses what was to be written; the jobs are read back from it");
  return true;
}

Task<void> StopOwning(Core& core) {
  const bool serves = core.phase == Core::Phase::kServing;
  core.phase = Core::Phase::kStopping;
  core.SetProblem("the node stops");
  core.promoter.Stop();
  core.upkeep.Stop();
  core.inbox.Stop();
  core.schedules.Stop();
  if (!serves) co_return co_await GiveLeaseBack(core);
  core.claims_all = true;
  const auto flushed = co_await CommitAll(core);
  if (!flushed) {
    // The lease ends by itself: what is under way may still come. What is lost was not answered, or before
    // its commit (relaxed queues, jobs.ack = "received").
    log::Error("jobs.last_flush_abandoned",
               {{"seconds", kLastFlushMax.ms / 1000}, {"rows", core.flusher.unflushed_rows()}});
    co_return;
  }
  if (!*flushed) log::Error("jobs.last_flush_failed", {{"error", flushed->error().detail}});
  core.flusher.Hold();  // a flush would take the lease again
  co_await GiveLeaseBack(core);
}

// It serves until all is written, and only takes no commands: it may have to go on.
Task<Result<>> ClearAll(Core& core) {
  TM_CO_TRY(core.Serving());
  std::uint64_t tenure = core.tenure;
  core.is_clearing = true;
  core.SetProblem("the jobs are being cleared");
  const auto written = co_await CommitAndHold(core);
  if (tenure != core.tenure || core.phase != Core::Phase::kServing) {
    co_return Fail(Errc::kNotAvailable, core.Problem().value_or("the jobs have moved"));
  }
  if (!written) {
    core.is_clearing = false;
    core.SetProblem("");
    co_return written;
  }
  core.phase = Core::Phase::kClearing;
  const auto cleared = co_await core.store.Clear(core.lease.epoch);
  if (tenure != core.tenure || core.phase != Core::Phase::kClearing) co_return cleared;
  // Also when it has failed: some may be gone.
  core.Forget({.code = Errc::kNotAvailable, .detail = "the jobs were cleared"});
  core.phase = Core::Phase::kRecovering;
  tenure = core.tenure;
  const auto recovered = co_await ReadBack(core);
  if (IsStopping(core) || tenure != core.tenure) co_return cleared;
  if (!recovered) {
    LoseLease(core);
    co_return recovered;
  }
  Serve(core);
  co_return cleared;
}

}  // namespace tidemill::jobs
