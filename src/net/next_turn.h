// Waiting for another turn of the loop, behind all who have something to do. Loop thread only.
#pragma once

#include <coroutine>

#include "net/loop.h"

namespace tidemill::net {

// co_await NextTurn(loop): for a task whose share of this turn is spent (Loop::ShareSpent). Destroying the
// waiting task cancels it.
class [[nodiscard]] NextTurn final : public Pollable {
 public:
  explicit NextTurn(Loop& loop) : loop_(loop) {}
  NextTurn(const NextTurn&) = delete;
  NextTurn& operator=(const NextTurn&) = delete;
  ~NextTurn() { loop_.Disarm(*this); }

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> awaiter) {
    awaiter_ = awaiter;
    loop_.ArmBehind(*this);
  }
  void await_resume() const {}
  void OnReady(std::uint32_t) override { awaiter_.resume(); }

 private:
  Loop& loop_;
  std::coroutine_handle<> awaiter_;
};

}  // namespace tidemill::net
