// Push: how jobs come in: checked, gathered for a commit, and then brought to their queues.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "jobs/engine/core.h"
#include "jobs/job/job.h"

namespace tidemill::jobs {

enum class Origin : std::uint8_t {
  kProducer,  // refused when there is too much; dropped when its commit fails, since somebody is told
  kTogether,  // the same, but whoever pushes several has asked CheckRoom for all of them
  kInbox,     // it is in the store already: never too much
  kServer,    // a callback, a firing of a schedule: never too much, and what a failed commit had comes again
};

// kAlreadyExists: not unique; kLimitExceeded: the detail names the setting.
Result<> Push(Core& core, job::Job&& job, Origin origin);
// The same in a flush that is put together with more than this. Nothing is in `gathering` if it fails.
Result<> Push(Core& core, job::Job&& job, Origin origin, Gathering& gathering);

// Whether there is room for one more behind `coming` others: of the queue's depth, and of what waits to be
// written.
Result<> CheckRoom(Core& core, const job::Job& job, queue::QueueId queue, std::uint64_t coming);

// A push is committed.
void Arrive(Core& core, PushedJob&& job);
// A push was not; what it put into `kept` is taken back.
void Drop(Core& core, const PushedJob& job, KeptGatherings kept);

// The job may run now: it goes to its queue, or to who waits.
struct Enqueued {
  StoredJob job;
  queue::QueueId queue;
  WallTime expires_at;
  std::string batch;
  int attempt = 1;
};
void Enqueue(Core& core, Enqueued&& enqueued);
// What a blocked job waited for has come: it is queued, or scheduled for its time. It was taken out of where
// it was (TakeOut).
void Unblock(Core& core, job::Job job, JobId id, queue::QueueId queue, Gathering& gathering);
// The same for a job that is known from its text.
Enqueued ReadEnqueued(const job::Job& job, JobId id, queue::QueueId queue);

}  // namespace tidemill::jobs
