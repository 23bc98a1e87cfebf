#include "net/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace tidemill::net {
namespace {

// The first tick that does not begin before `at`: firing there is never early.
std::int64_t TickAtOrAfter(MonotonicTime at) {
  return (at.ms + TimerWheel::kTick.ms - 1) / TimerWheel::kTick.ms;
}

std::size_t SlotOf(std::int64_t tick) { return static_cast<std::size_t>(tick) % TimerWheel::kSlots; }

}  // namespace

TimerWheel::TimerWheel(MonotonicTime now) : current_tick_(now.ms / kTick.ms) {}

void TimerWheel::Schedule(Timer& timer, MonotonicTime deadline) {
  IntrusiveList<Timer>::Remove(timer);
  timer.deadline_ = deadline;
  const std::size_t slot = SlotOf(std::max(TickAtOrAfter(deadline), current_tick_ + 1));
  slots_[slot].PushFront(timer);
  occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

void TimerWheel::Cancel(Timer& timer) { IntrusiveList<Timer>::Remove(timer); }

// Collected first, fired afterwards: a callback may change any slot, and also this list.
void TimerWheel::Collect(MonotonicTime now) {
  const std::int64_t target = now.ms / kTick.ms;
  if (target <= current_tick_) return;
  const std::int64_t steps = std::min(target - current_tick_, std::int64_t{kSlots});
  current_tick_ = target;

  for (std::int64_t tick = target; tick > target - steps; --tick) CollectDue(SlotOf(tick), now);
}

// The newest slot comes first and each timer goes to the front, so that `due_` ends up oldest first.
void TimerWheel::CollectDue(std::size_t slot, MonotonicTime now) {
  for (Timer& timer : slots_[slot]) {
    if (timer.deadline_ > now) continue;
    IntrusiveList<Timer>::Remove(timer);
    due_.PushFront(timer);
  }
}

std::optional<MonotonicTime> TimerWheel::NextCheck() const {
  if (!due_.empty()) return MonotonicTime{current_tick_ * kTick.ms};
  const std::int64_t first = current_tick_ + 1;
  for (std::int64_t ahead = 0; ahead < std::int64_t{kSlots};) {
    const std::size_t slot = SlotOf(first + ahead);
    const std::uint64_t word = occupied_[slot / 64] >> (slot % 64);
    if (word == 0) {
      ahead += 64 - static_cast<std::int64_t>(slot % 64);
      continue;
    }
    ahead += std::countr_zero(word);
    const std::size_t found = SlotOf(first + ahead);
    if (!slots_[found].empty()) return MonotonicTime{(first + ahead) * kTick.ms};
    // Its timers were cancelled or fired; a bit is cleared only here.
    occupied_[found / 64] &= ~(std::uint64_t{1} << (found % 64));
  }
  return std::nullopt;
}

}  // namespace tidemill::net
