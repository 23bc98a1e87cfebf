// CommitWaiter: somebody who waits until what was done so far is committed.
#pragma once

#include <coroutine>
#include <optional>
#include <span>
#include <utility>

#include "base/result.h"
#include "jobs/queue/fifo_list.h"

namespace tidemill::jobs {

class Gathering;

// What failed flushes have left, in their order, from that of what was dropped on. Each may already hold
// records that speak of it (FlushOwner::BeforeFlush), and is committed by itself: a start would believe them.
using KeptGatherings = std::span<Gathering* const>;

// Destroying it forgets it.
class CommitWaiter : public queue::FifoLink {
 public:
  virtual ~CommitWaiter() = default;
  // Right before an OnCommit that says that its flush has failed: before any of `kept` is tried again.
  virtual void OnRefused(KeptGatherings) {}
  // Once, from the engine's loop, never from within the call that it was handed to. It may call the engine
  // and destroy itself.
  virtual void OnCommit(const Result<>& result) = 0;
};

}  // namespace tidemill::jobs
