// Task<T>: a lazy coroutine with one owner, for request/response flows.
//
// Nothing runs until the task is awaited; it then resumes its awaiter by symmetric transfer, so a chain of
// awaits costs no stack. A task stays on the loop that awaited it. Parameters are taken by value; never
// write a coroutine lambda with captures; never hold a reference into a container across a co_await.
// Destroying a task that is suspended destroys its frame: whatever it awaits must cope (awaitables of
// net/ do). A task that nobody awaits belongs to a TaskScope (net/task_scope.h).
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "net/frame_memory.h"

namespace tidemill {

template <class T = void>
class Task;

namespace internal {

// What a coroutine gives, until it is taken.
template <class T>
class Given {
 public:
  template <class U = T>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T Take() { return *std::move(value_); }

 private:
  std::optional<T> value_;
};

template <>
class Given<void> {
 public:
  void return_void() const noexcept {}
  void Take() const noexcept {}
};

class TaskPromiseBase : public FrameFromMemory {
 public:
  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      return self.promise().continuation_;
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  // Nothing of ours throws; what a library or the allocator throws is fatal here, with a core to read.
  [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }

  void set_continuation(std::coroutine_handle<> continuation) { continuation_ = continuation; }

 private:
  std::coroutine_handle<> continuation_ = std::noop_coroutine();
};

template <class T>
class TaskPromise final : public TaskPromiseBase, public Given<T> {
 public:
  Task<T> get_return_object();
};

}  // namespace internal

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::TaskPromise<T>;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
    handle_.promise().set_continuation(awaiter);
    return handle_;
  }
  T await_resume() { return handle_.promise().Take(); }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

namespace internal {

template <class T>
Task<T> TaskPromise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

}  // namespace internal
}  // namespace tidemill
