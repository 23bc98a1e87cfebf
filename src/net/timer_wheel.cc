#include "net/timer_wheel.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <vector>

namespace tidemill::net {
namespace {

// The first tick that does not begin before `at`: firing there is never early.
std::int64_t TickAtOrAfter(MonotonicTime at) {
  return (at.ms + TimerWheel::kTick.ms - 1) / TimerWheel::kTick.ms;
}

// Brought in by one call: less than half a millisecond's work.
constexpr int kArrivalsMax = 1024;

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
  const std::int64_t passed = target - current_tick_;
  if (passed > 0) {
    for (std::int64_t tick = target - std::min(passed, kSlots) + 1; tick <= target; ++tick) {
      if (!ticks_.At(tick).empty()) due_.emplace_back().TakeFrom(ticks_.At(tick));
    }
    const std::int64_t last_round = RoundOf(target);
    const std::int64_t first_round = std::max(RoundOf(current_tick_) + 1, last_round - kRounds + 1);
    for (std::int64_t round = first_round; round <= last_round; ++round) {
      if (!rounds_.At(round).empty()) arriving_.emplace_back().TakeFrom(rounds_.At(round));
    }
    current_tick_ = target;
  }
  BringSomeIn();
}

// Timers of a round that has begun go where their ticks are. Those of ticks that have passed are due: after a
// long sleep, or because so many arrive that it takes several calls.
void TimerWheel::BringSomeIn() {
  std::vector<Timer*> due;
  for (int left = kArrivalsMax; left > 0 && !arriving_.empty(); --left) {
    Timer* const timer = arriving_.front().front();
    if (timer == nullptr) {
      arriving_.pop_front();
      continue;
    }
    IntrusiveList<Timer>::Remove(*timer);
    if (TickAtOrAfter(timer->deadline_) > current_tick_) {
      Place(*timer);
    } else {
      due.push_back(timer);
    }
  }
  while (!arriving_.empty() && arriving_.front().empty()) arriving_.pop_front();
  if (due.empty()) return;
  std::ranges::sort(due, std::ranges::greater(), &Timer::deadline);
  IntrusiveList<Timer>& list = due_.emplace_back();
  for (Timer* const timer : due) list.PushFront(*timer);
}

std::optional<MonotonicTime> TimerWheel::NextCheck() const {
  if (!due_.empty() || !arriving_.empty()) return MonotonicTime{current_tick_ * kTick.ms};
  const auto tick = ticks_.FirstFrom(current_tick_ + 1);
  const auto round = rounds_.FirstFrom(RoundOf(current_tick_) + 1);
  if (!tick && !round) return std::nullopt;
  const std::int64_t round_tick = round ? *round * kSlots : INT64_MAX;
  return MonotonicTime{std::min(tick.value_or(INT64_MAX), round_tick) * kTick.ms};
}

}  // namespace tidemill::net
