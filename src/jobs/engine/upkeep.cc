#include "jobs/engine/upkeep.h"

#include "base/log.h"
#include "jobs/engine/core.h"
#include "net/sleep.h"

namespace tidemill::jobs {
namespace {

constexpr std::size_t kSweepRows = 1000;
constexpr std::size_t kSweepBuckets = 20'000;
constexpr Duration kSweepPause = Milliseconds(20);  // between slices: others want to write as well

void ScheduleIn(Core& core, net::Timer& timer, Duration in) {
  if (!timer.scheduled()) core.loop.timers().Schedule(timer, core.loop.clock().Now() + in);
}

Task<void> SweepStore(Core& core) {
  const std::uint64_t tenure = core.tenure;
  bool has_swept = false;
  while (tenure == core.tenure) {
    const auto swept = co_await core.store.Sweep(core.Now(), kSweepRows);
    if (!swept) {
      log::Warn("jobs.sweep_failed", {{"error", swept.error().detail}});
      break;
    }
    has_swept |= *swept > 0;
    if (*swept < kSweepRows) break;
    co_await net::Sleep(core.loop, kSweepPause);
  }
  if (!has_swept || tenure != core.tenure) co_return;
  // How many of them were dead jobs is not said; what is in the flush under way may count twice until the
  // next time.
  const auto dead = co_await core.store.Count(Place::kDead);
  if (dead && tenure == core.tenure) core.counts.dead = *dead;
}

}  // namespace

void Upkeep::Start() { ScheduleIn(sweep_.core, sweep_, kSweepInterval); }

void Upkeep::Stop() {
  net::TimerWheel& timers = sweep_.core.loop.timers();
  timers.Cancel(claims_);
  timers.Cancel(stats_);
  timers.Cancel(sweep_);
}

// A little later than the first is due: a timer is not early, but the job may be a millisecond younger.
void Upkeep::ClaimSoon() {
  ScheduleIn(claims_.core, claims_, Milliseconds(claims_.core.options.claim_after.ms + 1));
}

void Upkeep::WriteStatsSoon() { ScheduleIn(stats_.core, stats_, Stats::kInterval); }

void Upkeep::Claims::OnTimer() {
  if (core.working.FirstUnclaimed() == nullptr) return;
  core.flusher.Touch();
  ScheduleIn(core, *this, Milliseconds(core.options.claim_after.ms + 1));
}

void Upkeep::Statistics::OnTimer() { core.flusher.Touch(); }

void Upkeep::Sweep::OnTimer() {
  core.orphans.Expire(core.loop.clock().Now());
  core.locks.Sweep(core.Now(), kSweepBuckets);
  core.scope.Spawn(SweepStore(core));
  ScheduleIn(core, *this, kSweepInterval);
}

}  // namespace tidemill::jobs
