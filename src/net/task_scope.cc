#include "net/task_scope.h"

#include <exception>
#include <utility>

namespace tidemill {

void TaskScope::Owned::Enter(TaskScope& scope, std::coroutine_handle<> frame) {
  scope_ = &scope;
  frame_ = frame;
  scope.tasks_.PushFront(*this);
  ++scope.running_;
}

void TaskScope::Owned::Leave() {
  if (scope_ == nullptr) return;
  scope_->tasks_.Remove(*this);
  --std::exchange(scope_, nullptr)->running_;
}

// The outermost frame of a spawned task. It is in its scope from start to end and destroys itself.
struct TaskScope::Detached {
  struct promise_type : Owned, FrameFromMemory {
    promise_type(TaskScope& scope, Task<void>&) {
      Enter(scope, std::coroutine_handle<promise_type>::from_promise(*this));
    }

    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

TaskScope::~TaskScope() {
  while (!tasks_.empty()) tasks_.front()->frame_.destroy();
}

void TaskScope::Spawn(Task<void> task) { Drive(std::move(task)); }

TaskScope::Detached TaskScope::Drive(Task<void> task) { co_await task; }

}  // namespace tidemill
