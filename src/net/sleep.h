// Waiting for a time to pass. Loop thread only.
#pragma once

#include <coroutine>

#include "base/clock.h"
#include "net/loop.h"

namespace tidemill::net {

// co_await Sleep(loop, Seconds(1)). Destroying the waiting task cancels it.
class [[nodiscard]] Sleep final : public Timer {
 public:
  Sleep(Loop& loop, Duration duration) : loop_(loop), duration_(duration) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> awaiter) {
    awaiter_ = awaiter;
    loop_.timers().Schedule(*this, loop_.clock().Now() + duration_);
  }
  void await_resume() const {}
  void OnTimer() override { awaiter_.resume(); }

 private:
  Loop& loop_;
  Duration duration_;
  std::coroutine_handle<> awaiter_;
};

}  // namespace tidemill::net
