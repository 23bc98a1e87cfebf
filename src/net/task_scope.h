// TaskScope: the owner of detached tasks. Their owner's last member: its tasks refer to the others.
//
// Loop thread only. Destroying the scope destroys every task still suspended in it, so a task may refer to
// whatever outlives the scope; hence no task may destroy its own scope (Loop::Retire the owner instead).
// Spawn refuses nothing: whoever spawns bounds how many.
#pragma once

#include <coroutine>
#include <cstddef>

#include "base/intrusive_list.h"
#include "net/task.h"

namespace tidemill {

class TaskScope {
 public:
  // What the promise of a frame that a scope owns derives from.
  class Owned : public ListLink<Owned> {
   public:
    ~Owned() { Leave(); }

    // From now on the scope destroys the frame, unless it leaves or is destroyed before.
    void Enter(TaskScope& scope, std::coroutine_handle<> frame);
    // Nothing if it is in no scope.
    void Leave();

   private:
    friend class TaskScope;

    TaskScope* scope_ = nullptr;
    std::coroutine_handle<> frame_;
  };

  TaskScope() = default;
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;
  ~TaskScope();

  // Starts `task` at once; it runs on until its first suspension before Spawn returns.
  void Spawn(Task<void> task);

  std::size_t running() const { return running_; }

 private:
  struct Detached;

  Detached Drive(Task<void> task);

  IntrusiveList<Owned> tasks_;
  std::size_t running_ = 0;
};

}  // namespace tidemill
