// Running many small tasks at once, but not all at once.
#pragma once

#include <algorithm>
#include <cstddef>

#include "net/async.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"

namespace tidemill::api {

// Runs job(0), job(1), … job(count - 1), each a Task<void>, at most `width` at a time, begun in that order.
// Completes when all have. `job` must stay until then. On a loop only.
template <class Job>
Task<void> ForEachConcurrently(std::size_t count, std::size_t width, Job& job) {
  struct Progress {
    std::size_t next = 0;
    std::size_t running = 0;
  };
  constexpr auto work = [](Job& each, std::size_t end, Progress& progress,
                           net::Reply<bool>::Sender done) -> Task<void> {
    while (progress.next < end) co_await each(progress.next++);
    // Posted, so that this task has ended before its scope goes.
    if (--progress.running == 0) net::Loop::Current()->Post([done] { done.Send(true); });
  };
  if (count == 0) co_return;
  Progress progress{.next = 0, .running = std::min(count, width)};
  net::Reply<bool> done(*net::Loop::Current());
  TaskScope scope;
  for (std::size_t i = std::min(count, width); i > 0; --i) {
    scope.Spawn(work(job, count, progress, done.sender()));
  }
  co_await done;
}

}  // namespace tidemill::api
