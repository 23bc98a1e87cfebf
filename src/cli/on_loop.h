// RunOnLoop: runs one task to its end. For commands, which are plain functions.
#pragma once

#include <optional>
#include <utility>

#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"

namespace tidemill::cli {

namespace internal {

template <class T>
Task<void> Store(Task<T> task, net::Loop& loop, std::optional<T>& result) {
  result.emplace(co_await task);
  loop.Stop();
}

}  // namespace internal

// Runs `loop` on this thread until the task is done; nullopt: the loop was stopped before.
template <class T>
std::optional<T> RunOnLoop(net::Loop& loop, Task<T> task) {
  std::optional<T> result;
  TaskScope scope;
  loop.Post([&, moved = std::move(task)]() mutable {
    scope.Spawn(internal::Store(std::move(moved), loop, result));
  });
  loop.Run();
  return result;
}

}  // namespace tidemill::cli
