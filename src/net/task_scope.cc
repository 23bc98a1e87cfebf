#include "net/task_scope.h"

#include <coroutine>
#include <exception>
#include <utility>

namespace tidemill {

// The outermost frame of a spawned task. It is in its scope's list from start to end and destroys itself.
struct TaskScope::Detached {
  struct promise_type : Running {
    promise_type(TaskScope& owner, Task<void>&) : scope(owner) {
      scope.tasks_.PushFront(*this);
      ++scope.running_;
    }
    ~promise_type() { --scope.running_; }

    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }

    TaskScope& scope;
  };
};

TaskScope::~TaskScope() {
  while (!tasks_.empty()) {
    auto& promise = static_cast<Detached::promise_type&>(*tasks_.front());
    std::coroutine_handle<Detached::promise_type>::from_promise(promise).destroy();
  }
}

void TaskScope::Spawn(Task<void> task) { Drive(std::move(task)); }

TaskScope::Detached TaskScope::Drive(Task<void> task) { co_await task; }

}  // namespace tidemill
