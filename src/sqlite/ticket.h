// Ticket: between a loop that waits and the thread that works: who was first, the thread or the deadline.
//
// Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace tidemill::sqlite {

class Ticket {
 public:
  explicit Ticket(std::optional<MonotonicTime> deadline) : deadline_(deadline) {}

  // The thread begins with it. False: it was abandoned before, and nothing is to be done.
  bool Take() { return Leave(State::kWaiting, State::kTaken); }
  // The asker does not want it any more. False: a thread has begun with it.
  bool Abandon() { return Leave(State::kWaiting, State::kAbandoned); }
  // The same, and what has begun should end early.
  void Cancel() {
    Abandon();
    cancelled_.store(true, std::memory_order_relaxed);
  }

  std::optional<MonotonicTime> deadline() const { return deadline_; }
  const std::atomic<bool>& cancelled() const { return cancelled_; }

 private:
  enum class State : std::uint8_t { kWaiting, kTaken, kAbandoned };
  bool Leave(State from, State to) { return state_.compare_exchange_strong(from, to); }

  const std::optional<MonotonicTime> deadline_;
  std::atomic<State> state_{State::kWaiting};
  std::atomic<bool> cancelled_{false};
};

}  // namespace tidemill::sqlite
