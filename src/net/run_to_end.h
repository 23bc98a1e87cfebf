// co_await RunToEnd(scope, task): the task runs in `scope` to its end, whoever stops waiting for it.
//
// For whatever changes state: "commit the row, then publish" must not stop in the middle because the client
// that asked hung up. `scope` is the service's, not the caller's. The caller gets the task's result, and may
// be destroyed while it waits: the task goes on and its result is dropped. If the scope ends first, the task
// ends with it and the caller is never resumed. docs/lifetime.md says when to use which. Loop thread only.
// It costs one frame beside the task's own.
#pragma once

#include <coroutine>
#include <exception>
#include <utility>

#include "net/task.h"
#include "net/task_scope.h"

namespace tidemill {

// Awaited once, where it was made.
template <class T>
class [[nodiscard]] RunningToEnd {
 public:
  class promise_type;

  RunningToEnd(const RunningToEnd&) = delete;
  RunningToEnd& operator=(const RunningToEnd&) = delete;
  ~RunningToEnd();

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter);
  T await_resume() { return frame_.promise().Take(); }

 private:
  explicit RunningToEnd(std::coroutine_handle<promise_type> frame) : frame_(frame) {}

  std::coroutine_handle<promise_type> frame_;  // null: its scope has destroyed it
  std::coroutine_handle<> awaiter_;
};

// The frame is its scope's until the task has ended, then the caller's; nobody's if that has gone.
template <class T>
class RunningToEnd<T>::promise_type final : public FrameFromMemory,
                                            public TaskScope::Owned,
                                            public internal::Given<T> {
 public:
  promise_type(TaskScope& scope, Task<T>&) : scope_(scope) {}
  ~promise_type() {
    if (caller_ != nullptr) caller_->frame_ = nullptr;
  }

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) const noexcept {
      self.promise().Leave();
      RunningToEnd* const caller = self.promise().caller_;
      if (caller != nullptr) return caller->awaiter_;
      self.destroy();
      return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  RunningToEnd get_return_object() { return RunningToEnd(Self()); }
  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }

 private:
  friend RunningToEnd;
  std::coroutine_handle<promise_type> Self() {
    return std::coroutine_handle<promise_type>::from_promise(*this);
  }

  TaskScope& scope_;
  RunningToEnd* caller_ = nullptr;  // null: not awaited yet, or gone
};

template <class T>
RunningToEnd<T>::~RunningToEnd() {
  if (!frame_) return;
  promise_type& promise = frame_.promise();
  const bool runs = promise.caller_ != nullptr && !frame_.done();
  promise.caller_ = nullptr;
  if (!runs) frame_.destroy();
}

template <class T>
std::coroutine_handle<> RunningToEnd<T>::await_suspend(std::coroutine_handle<> awaiter) {
  promise_type& promise = frame_.promise();
  awaiter_ = awaiter;
  promise.caller_ = this;
  promise.Enter(promise.scope_, frame_);
  return frame_;
}

template <class T>
RunningToEnd<T> RunToEnd(TaskScope& /* the promise has it */, Task<T> task) {
  co_return co_await task;
}

}  // namespace tidemill
