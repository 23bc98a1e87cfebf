// TimerWheel: the per-connection deadlines of one loop (ping, pong, stale, expiry), without a heap node each.
//
// A Timer is embedded in its owner and knows its slot, so scheduling and cancelling touch three pointers.
// Timers still scheduled when the wheel ends are then unscheduled.
// Resolution is kTick: a timer fires at its deadline or up to one tick later, never earlier. A loop with
// nothing due sleeps: timers that are more than a round away make it wake once a round, not at each tick.
// Loop thread only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
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
  static constexpr std::int64_t kSlots = 4096;  // one round of the wheel is about 65 s
  static constexpr std::int64_t kRounds = 256;  // and 256 rounds are about 4.7 h

  explicit TimerWheel(MonotonicTime now);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Moves `timer` to `deadline`, scheduled or not.
  void Schedule(Timer& timer, MonotonicTime deadline);
  void Cancel(Timer& timer);

  // Fires all that is due, each once, about in order of deadline; a timer may reschedule or destroy itself or
  // others. `fire` calls OnTimer, and says whether there is time for more: what is left when it says no is
  // first in the next call.
  template <class Fire>
  void Advance(MonotonicTime now, Fire fire) {
    if (due_.empty()) Collect(now);
    while (!due_.empty()) {
      Timer* const timer = due_.front().front();
      if (timer == nullptr) {
        due_.pop_front();
        continue;
      }
      IntrusiveList<Timer>::Remove(*timer);
      if (!fire(*timer)) return;
    }
  }
  void Advance(MonotonicTime now) {
    Advance(now, [](Timer& timer) {
      timer.OnTimer();
      return true;
    });
  }

  // When Advance next has something to look at; nullopt when no timer is scheduled.
  std::optional<MonotonicTime> NextCheck() const;

 private:
  // Lists of timers by tick or round, modulo their number.
  template <std::int64_t kCount>
  struct Ring {
    std::array<IntrusiveList<Timer>, kCount> lists;
    // A set bit says that a list may hold timers, a clear one that it holds none: timers unlink themselves
    // without the wheel, which finds out in FirstFrom.
    mutable std::array<std::uint64_t, kCount / 64> occupied{};

    IntrusiveList<Timer>& At(std::int64_t number) { return lists[Index(number)]; }
    void Add(std::int64_t number, Timer& timer);
    // The first number not before `first`, and within one time round, whose list holds a timer.
    std::optional<std::int64_t> FirstFrom(std::int64_t first) const;
    static std::size_t Index(std::int64_t number) { return static_cast<std::size_t>(number % kCount); }
  };

  void Place(Timer& timer);
  void Collect(MonotonicTime now);
  void BringSomeIn();

  Ring<kSlots> ticks_;    // of the next kSlots ticks
  Ring<kRounds> rounds_;  // later ones, looked at when their round begins, and not due before
  std::int64_t current_tick_ = 0;
  // Whole lists are taken, however many timers are in them: each is touched when it is its turn.
  using Lists = std::deque<IntrusiveList<Timer>>;
  Lists arriving_;  // of rounds that have begun; not yet where their ticks are
  Lists due_;       // not yet fired, the oldest tick first
};

}  // namespace tidemill::net
