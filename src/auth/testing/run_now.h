// For tests: runs a task that finishes without waiting for anything.
#pragma once

#include <optional>
#include <utility>

#include "base/assert.h"
#include "net/task.h"
#include "net/task_scope.h"

namespace tidemill::auth::testing {

template <class T>
Task<void> Store(Task<T> task, std::optional<T>& out) {
  out.emplace(co_await task);
}

template <class T>
T RunNow(Task<T> task) {
  TaskScope scope;
  std::optional<T> out;
  scope.Spawn(Store(std::move(task), out));
  TM_ASSERT(out.has_value());
  return *std::move(out);
}

}  // namespace tidemill::auth::testing
