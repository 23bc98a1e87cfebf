#include "net/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace tidemill::net {
namespace {

// The first tick that does not begin before `at`: firing there is never early.
std::int64_t TickAtOrAfter(MonotonicTime at) {
  return (at.ms + TimerWheel::kTick.ms - 1) / TimerWheel::kTick.ms;
}

std::int64_t RoundOf(std::int64_t tick) { return tick / TimerWheel::kSlots; }

}  // namespace

template <std::int64_t kCount>
void TimerWheel::Ring<kCount>::Add(std::int64_t number, Timer& timer) {
  const std::size_t index = Index(number);
  lists[index].PushFront(timer);
  occupied[index / 64] |= std::uint64_t{1} << (index % 64);
}

template <std::int64_t kCount>
std::optional<std::int64_t> TimerWheel::Ring<kCount>::FirstFrom(std::int64_t first) const {
  for (std::int64_t ahead = 0; ahead < kCount;) {
    const std::size_t index = Index(first + ahead);
    const std::uint64_t word = occupied[index / 64] >> (index % 64);
    if (word == 0) {
      ahead += 64 - static_cast<std::int64_t>(index % 64);
      continue;
    }
    ahead += std::countr_zero(word);
    const std::size_t found = Index(first + ahead);
    if (!lists[found].empty()) return first + ahead;
    // Its timers were cancelled or fired; a bit is cleared only here.
    occupied[found / 64] &= ~(std::uint64_t{1} << (found % 64));
  }
  return std::nullopt;
}

TimerWheel::TimerWheel(MonotonicTime now) : current_tick_(now.ms / kTick.ms) {}

void TimerWheel::Schedule(Timer& timer, MonotonicTime deadline) {
  IntrusiveList<Timer>::Remove(timer);
  timer.deadline_ = deadline;
  Place(timer);
}

void TimerWheel::Place(Timer& timer) {
  const std::int64_t tick = std::max(TickAtOrAfter(timer.deadline_), current_tick_ + 1);
  if (tick - current_tick_ <= kSlots) {
    ticks_.Add(tick, timer);
  } else {
    rounds_.Add(RoundOf(tick), timer);
  }
}

void TimerWheel::Cancel(Timer& timer) { IntrusiveList<Timer>::Remove(timer); }

// Collected first, fired afterwards: a callback may change any list, and also this one.
void TimerWheel::Collect(MonotonicTime now) {
  const std::int64_t target = now.ms / kTick.ms;
  if (target <= current_tick_) return;
  const std::int64_t steps = std::min(target - current_tick_, kSlots);
  const std::int64_t last_round = RoundOf(target);
  const std::int64_t first_round = std::max(RoundOf(current_tick_) + 1, last_round - kRounds + 1);
  current_tick_ = target;
  for (std::int64_t round = first_round; round <= last_round; ++round) BringIn(round, last_round);
  for (std::int64_t tick = target; tick > target - steps; --tick) CollectDue(tick, now);
}

// Timers of a round that has begun go where their ticks are, also those that are due already.
void TimerWheel::BringIn(std::int64_t round, std::int64_t last_round) {
  for (Timer& timer : rounds_.At(round)) {
    const std::int64_t tick = TickAtOrAfter(timer.deadline_);
    if (RoundOf(tick) > last_round) continue;
    IntrusiveList<Timer>::Remove(timer);
    ticks_.Add(tick, timer);
  }
}

// The newest tick comes first and each timer goes to the front, so that `due_` ends up oldest first.
void TimerWheel::CollectDue(std::int64_t tick, MonotonicTime now) {
  for (Timer& timer : ticks_.At(tick)) {
    if (timer.deadline_ > now) continue;
    IntrusiveList<Timer>::Remove(timer);
    due_.PushFront(timer);
  }
}

std::optional<MonotonicTime> TimerWheel::NextCheck() const {
  if (!due_.empty()) return MonotonicTime{current_tick_ * kTick.ms};
  const auto tick = ticks_.FirstFrom(current_tick_ + 1);
  const auto round = rounds_.FirstFrom(RoundOf(current_tick_) + 1);
  if (!tick && !round) return std::nullopt;
  const std::int64_t round_tick = round ? *round * kSlots : INT64_MAX;
  return MonotonicTime{std::min(tick.value_or(INT64_MAX), round_tick) * kTick.ms};
}

}  // namespace tidemill::net
