#include "net/task_scope.h"

#include <coroutine>
#include <exception>
#include <utility>

namespace tidemill {

// The outermost frame of a spawned task. It is in its scope's list from start to end and destroys itself.
struct TaskScope::Detached {
  struct promise_type : Node {
    promise_type(TaskScope& owner, Task<void>&) : scope(owner) {
      next = scope.first_;
      if (next != nullptr) next->previous = this;
      scope.first_ = this;
      ++scope.running_;
    }
    ~promise_type() {
      if (next != nullptr) next->previous = previous;
      (previous != nullptr ? previous->next : scope.first_) = next;
      --scope.running_;
    }

    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }

    TaskScope& scope;
  };
};

TaskScope::~TaskScope() {
  while (first_ != nullptr) {
    auto& promise = static_cast<Detached::promise_type&>(*first_);
    std::coroutine_handle<Detached::promise_type>::from_promise(promise).destroy();
  }
}

void TaskScope::Spawn(Task<void> task) { RunToEnd(std::move(task)); }

TaskScope::Detached TaskScope::RunToEnd(Task<void> task) { co_await task; }

}  // namespace tidemill
