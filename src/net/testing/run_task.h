// RunTask(loop, task): the task's result; the loop is driven by hand until it is there.
#pragma once

#include <optional>
#include <utility>

#include "base/assert.h"
#include "base/clock.h"
#include "base/testing/patience.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"

namespace tidemill::net::testing {

template <class T>
Task<void> Keep(Task<T> task, std::optional<T>& result) {
  result.emplace(co_await task);
}

// Drives the loop until `done`; whether it came to that within `patience`.
template <class Done>
bool DriveUntil(Loop& loop, Done done, Duration patience = tidemill::testing::kPatience) {
  const MonotonicTime give_up = SystemClock().Now() + patience;
  while (!done()) {
    if (SystemClock().Now() > give_up) return false;
    loop.RunOnce(Milliseconds(10));
  }
  return true;
}

template <class T>
T RunTask(Loop& loop, Task<T> task) {
  std::optional<T> result;
  TaskScope scope;
  scope.Spawn(Keep(std::move(task), result));
  TM_ASSERT(DriveUntil(loop, [&] { return result.has_value(); }));
  return *std::move(result);
}

}  // namespace tidemill::net::testing
