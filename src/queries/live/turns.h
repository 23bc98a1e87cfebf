// Turns: which of those that wait for the database is asked next, and how many at once.
//
// Those that were quick the last time go by when they are due, in all places. The others, slow ones and those
// never asked before, have half of the places, and of one caller a quarter: whoever asks what takes long
// waits for itself.
//
// A state machine without a clock. One owner at a time; whoever waits or runs outlives it there.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"

namespace tidemill::queries::live {

class Turns {
 public:
  // Who takes longer is slow.
  static constexpr Duration kQuick = Milliseconds(50);

  class Waiter {
   public:
    explicit Waiter(std::string starter) : starter_(std::move(starter)) {}
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    const std::string& starter() const { return starter_; }
    bool waits() const { return at_.has_value(); }

   private:
    friend class Turns;
    const std::string starter_;
    std::optional<MonotonicTime> at_;  // it waits, and is due then
    bool quick_ = false;
    bool quick_turn_ = false;  // its turn, while it has one
  };

  explicit Turns(std::size_t places)
      : places_(places),
        slow_max_(std::max<std::size_t>(1, places / 2)),
        slow_of_one_max_(std::max<std::size_t>(1, places / 4)) {}

  // Due at that time; at another one if it waits already.
  void Wait(Waiter& waiter, MonotonicTime at) {
    Leave(waiter);
    waiter.at_ = at;
    if (waiter.quick_) {
      quick_.insert({at, &waiter});
      return;
    }
    Caller& caller = callers_[waiter.starter_];
    caller.waiting.insert({at, &waiter});
    Place(caller);
  }
  // It waits no more.
  void Leave(Waiter& waiter) {
    if (!waiter.at_) return;
    const std::pair entry(*std::exchange(waiter.at_, std::nullopt), &waiter);
    if (waiter.quick_) {
      quick_.erase(entry);
      return;
    }
    const auto caller = callers_.find(waiter.starter_);
    caller->second.waiting.erase(entry);
    Forget(caller);
  }

  // The one that has been due longest of those that may have a turn now, which begins; null: none.
  Waiter* Begin(MonotonicTime now) {
    const std::optional<MonotonicTime> due = next_due();
    if (!due || *due > now) return nullptr;
    const bool quick = !quick_.empty() && quick_.begin()->first == *due;
    Waiter* const waiter = quick ? quick_.begin()->second : slow_.begin()->second->waiting.begin()->second;
    Leave(*waiter);
    ++running_;
    waiter->quick_turn_ = quick;
    if (!quick) {
      ++slow_running_;
      Caller& caller = callers_[waiter->starter_];
      ++caller.running;
      Place(caller);
    }
    return waiter;
  }
  // Its turn is over; it does not wait.
  void End(Waiter& waiter, Duration took) {
    --running_;
    if (!waiter.quick_turn_) {
      --slow_running_;
      const auto caller = callers_.find(waiter.starter_);
      --caller->second.running;
      Forget(caller);
    }
    waiter.quick_ = took <= kQuick;
  }

  // When the next turn may begin, as far as is known now; nullopt: not before one ends, or somebody waits.
  std::optional<MonotonicTime> next_due() const {
    if (running_ >= places_) return std::nullopt;
    std::optional<MonotonicTime> due;
    if (!quick_.empty()) due = quick_.begin()->first;
    const bool slow = !slow_.empty() && slow_running_ < slow_max_;
    if (slow && (!due || slow_.begin()->first < *due)) due = slow_.begin()->first;
    return due;
  }
  std::size_t running() const { return running_; }

 private:
  using Waiting = std::set<std::pair<MonotonicTime, Waiter*>>;
  struct Caller {
    Waiting waiting;
    std::size_t running = 0;
    std::optional<MonotonicTime> placed;  // in slow_
  };

  // Where it stands among the callers: not at all, while it has as many turns as it may.
  void Place(Caller& caller) {
    if (caller.placed) slow_.erase({*caller.placed, &caller});
    caller.placed.reset();
    if (caller.waiting.empty() || caller.running >= slow_of_one_max_) return;
    caller.placed = caller.waiting.begin()->first;
    slow_.insert({*caller.placed, &caller});
  }
  void Forget(std::map<std::string, Caller, std::less<>>::iterator at) {
    Place(at->second);
    if (at->second.waiting.empty() && at->second.running == 0) callers_.erase(at);
  }

  const std::size_t places_;
  const std::size_t slow_max_;
  const std::size_t slow_of_one_max_;
  std::size_t running_ = 0;
  std::size_t slow_running_ = 0;
  Waiting quick_;
  std::map<std::string, Caller, std::less<>> callers_;  // of those that are not quick
  std::set<std::pair<MonotonicTime, Caller*>> slow_;    // those that may have a turn, by their first
};

}  // namespace tidemill::queries::live
