// TimerWheel: the per-connection deadlines of one loop (ping, pong, stale, expiry), without a heap node each.
//
// A Timer is embedded in its owner and knows its slot, so scheduling and cancelling touch three pointers.
// Timers still scheduled when the wheel ends are then unscheduled.
// Resolution is kTick: a timer fires at its deadline or up to one tick later, never earlier.
// Loop thread only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/intrusive_list.h"

namespace tidemill::net {

// Embed or derive. Destroying a scheduled timer cancels it.
class Timer : private ListLink<Timer> {
 public:
  virtual ~Timer() = default;

  virtual void OnTimer() = 0;
  bool scheduled() const { return IntrusiveList<Timer>::IsListed(*this); }
  MonotonicTime deadline() const { return deadline_; }

 private:
  friend class IntrusiveList<Timer>;
  friend class TimerWheel;

  MonotonicTime deadline_{};
};

class TimerWheel {
 public:
  static constexpr Duration kTick = Milliseconds(16);
  static constexpr std::size_t kSlots = 4096;  // one turn of the wheel is about 65 s

  explicit TimerWheel(MonotonicTime now);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Moves `timer` to `deadline`, scheduled or not.
  void Schedule(Timer& timer, MonotonicTime deadline);
  void Cancel(Timer& timer);

  // Fires all that is due, each once, about in order of deadline; a timer may reschedule or destroy itself or
  // others. Asks `may_go_on` after each: what is left when it says no is first in the next call.
  template <class MayGoOn>
  void Advance(MonotonicTime now, MayGoOn may_go_on) {
    if (due_.empty()) Collect(now);
    while (Timer* const timer = due_.front()) {
      IntrusiveList<Timer>::Remove(*timer);
      timer->OnTimer();
      if (!may_go_on()) return;
    }
  }
  void Advance(MonotonicTime now) {
    Advance(now, [] { return true; });
  }

  // When Advance next has something to look at; nullopt when no timer is scheduled.
  std::optional<MonotonicTime> NextCheck() const;

 private:
  void Collect(MonotonicTime now);
  void CollectDue(std::size_t slot, MonotonicTime now);

  // A timer further away than one turn of the wheel stays in its slot when the wheel passes.
  std::array<IntrusiveList<Timer>, kSlots> slots_;
  // A set bit says that a slot may hold timers, a clear one that it holds none: timers unlink themselves
  // without the wheel, which finds out in NextCheck.
  mutable std::array<std::uint64_t, kSlots / 64> occupied_{};
  std::int64_t current_tick_ = 0;
  IntrusiveList<Timer> due_;  // collected and not yet fired, the oldest first
};

}  // namespace tidemill::net
