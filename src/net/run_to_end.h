// co_await RunToEnd(scope, task): the task runs in `scope` to its end, whoever stops waiting for it.
//
// For whatever changes state: "commit the row, then publish" must not stop in the middle because the client
// that asked hung up. `scope` is the service's, not the caller's. The caller gets the task's result, and may
// be destroyed while it waits: the task goes on and its result is dropped. If the scope ends first, the task
// ends with it and the caller is never resumed. docs/lifetime.md says when to use which. Loop thread only.
#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "net/task.h"
#include "net/task_scope.h"

namespace tidemill {
namespace internal {

// What the task and its caller share, so that either may end first.
template <class T>
struct Outcome {
  std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>> value;
  std::coroutine_handle<> awaiter;
};

// Stands in the caller's frame: destroyed with it.
template <class T>
class [[nodiscard]] OutcomeAwaiter {
 public:
  explicit OutcomeAwaiter(std::shared_ptr<Outcome<T>> outcome) : outcome_(std::move(outcome)) {}
  OutcomeAwaiter(const OutcomeAwaiter&) = delete;
  OutcomeAwaiter& operator=(const OutcomeAwaiter&) = delete;
  ~OutcomeAwaiter() { outcome_->awaiter = nullptr; }

  bool await_ready() const { return outcome_->value.has_value(); }
  void await_suspend(std::coroutine_handle<> awaiter) { outcome_->awaiter = awaiter; }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return *std::move(outcome_->value);
  }

 private:
  const std::shared_ptr<Outcome<T>> outcome_;
};

template <class T>
Task<void> FillOutcome(Task<T> task, std::shared_ptr<Outcome<T>> outcome) {
  if constexpr (std::is_void_v<T>) {
    co_await task;
    outcome->value.emplace();
  } else {
    outcome->value.emplace(co_await task);
  }
  if (outcome->awaiter) std::exchange(outcome->awaiter, nullptr).resume();
}

}  // namespace internal

template <class T>
Task<T> RunToEnd(TaskScope& scope, Task<T> task) {
  auto outcome = std::make_shared<internal::Outcome<T>>();
  scope.Spawn(internal::FillOutcome(std::move(task), outcome));
  co_return co_await internal::OutcomeAwaiter<T>(std::move(outcome));
}

}  // namespace tidemill
