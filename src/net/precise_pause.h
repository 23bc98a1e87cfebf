// PrecisePause: a pause of one coroutine that ends to the millisecond, where one of the timer wheel may take
// a tick longer (TimerWheel::kTick), or when it is woken. By the machine's clock, whatever the loop's is.
//
// Costs a descriptor, and a system call for each pause. Loop thread only; the loop outlives it. When it ends
// the coroutine that waits is not resumed.
#pragma once

#include <coroutine>
#include <cstdint>

#include "base/clock.h"
#include "net/loop.h"
#include "net/socket.h"

namespace tidemill::net {

class PrecisePause final : Pollable {
 public:
  // Before the loop runs, or on it.
  explicit PrecisePause(Loop& loop);
  ~PrecisePause();
  PrecisePause(const PrecisePause&) = delete;
  PrecisePause& operator=(const PrecisePause&) = delete;

  // co_await pause.For(duration): one at a time; at least a millisecond.
  PrecisePause& For(Duration duration);
  // Ends the pause now; nothing if there is none.
  void Wake();

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> awaiter);
  void await_resume() const {}

 private:
  void OnReady(std::uint32_t) override { Wake(); }
  void Set(Duration duration);

  Loop& loop_;
  const Fd timer_;
  Duration duration_{};
  std::coroutine_handle<> awaiter_;
};

}  // namespace tidemill::net
