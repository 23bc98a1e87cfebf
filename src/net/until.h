// co_await Until(loop, deadline, task): the task's result, or kTimeout.
//
// The trap: a late task is destroyed at the end of the turn, or of a later one. Until then it runs beside a
// caller that has gone on, and may be resumed once more. So it takes its arguments by value, and whatever
// else it touches is retired after it (Loop::Retire destroys in order). Whoever stops waiting for the race
// ends the task in the same way. Loop thread only.
#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "net/timer_wheel.h"

namespace tidemill::net {

template <class T>
class [[nodiscard]] Until {
 public:
  Until(Loop& loop, MonotonicTime deadline, Task<Result<T>> task)
      : loop_(loop), race_(std::make_unique<Race>(loop)) {
    loop.timers().Schedule(*race_, deadline);
    race_->scope.Spawn(Race::Run(*race_, std::move(task)));
  }
  Until(const Until&) = delete;
  Until& operator=(const Until&) = delete;
  ~Until() { loop_.Retire(std::move(race_)); }

  bool await_ready() const { return race_->done.has_value(); }
  void await_suspend(std::coroutine_handle<> awaiter) { race_->awaiter = awaiter; }
  Result<T> await_resume() { return *std::move(race_->done); }

 private:
  struct Race final : Retirable, Timer {
    explicit Race(Loop& l) : loop(l) {}

    static Task<void> Run(Race& race, Task<Result<T>> task) { race.Finish(co_await task); }
    void OnTimer() override { Finish(Fail(Errc::kTimeout, "not in time")); }
    void OnRetire() override {
      awaiter = nullptr;
      loop.timers().Cancel(*this);
    }
    void Finish(Result<T> result) {
      if (done) return;
      done = std::move(result);
      loop.timers().Cancel(*this);
      if (awaiter) std::exchange(awaiter, nullptr).resume();
    }

    Loop& loop;
    std::optional<Result<T>> done;
    std::coroutine_handle<> awaiter;
    TaskScope scope;  // last: its task refers to all above
  };

  Loop& loop_;
  std::unique_ptr<Race> race_;
};

}  // namespace tidemill::net
