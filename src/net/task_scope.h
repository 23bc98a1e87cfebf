// TaskScope: the owner of detached tasks. Their owner's last member: its tasks refer to the others.
//
// Loop thread only. Destroying the scope destroys every task still suspended in it, so a task may refer to
// whatever outlives the scope; hence no task may destroy its own scope (Loop::Retire the owner instead).
// Spawn refuses nothing: whoever spawns bounds how many.
#pragma once

#include <cstddef>

#include "base/intrusive_list.h"
#include "net/task.h"

namespace tidemill {

class TaskScope {
 public:
  TaskScope() = default;
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;
  ~TaskScope();

  // Starts `task` at once; it runs on until its first suspension before Spawn returns.
  void Spawn(Task<void> task);

  std::size_t running() const { return running_; }

 private:
  struct Detached;
  struct Running : ListLink<Running> {};

  Detached Drive(Task<void> task);

  IntrusiveList<Running> tasks_;
  std::size_t running_ = 0;
};

}  // namespace tidemill
