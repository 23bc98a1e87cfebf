// CommitWaiter: somebody who waits until what was done so far is committed.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "base/result.h"
#include "jobs/queue/fifo_list.h"

namespace tidemill::jobs {

// Destroying it forgets it.
class CommitWaiter : public queue::FifoLink {
 public:
  virtual ~CommitWaiter() = default;
  // Once, from the engine's loop, never from within the call that it was handed to. It may call the engine
  // and destroy itself.
  virtual void OnCommit(const Result<>& result) = 0;
};

}  // namespace tidemill::jobs
