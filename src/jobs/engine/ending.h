// Ending: how an attempt ends: acknowledged, failed, given back, run out of time; and how a job ends without
// one.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "jobs/engine/core.h"
#include "jobs/job/failure.h"
#include "jobs/job/job.h"
#include "net/task.h"

namespace tidemill::jobs {

// Brings it to one line. kLimitExceeded, kInvalidArgument.
Result<> CheckResult(std::string& result);
Result<> Ack(Core& core, std::string_view jid, std::string result);
Result<> Fail(Core& core, std::string_view jid, job::ErrorReport error);
Result<> GiveBack(Core& core, std::string_view jid);
Result<> SetTrack(Core& core, std::string_view jid, Track track);
// Of a job that is over, where a record of what was said of it is kept; done when that is committed.
Task<Result<>> SetEndedTrack(Core& core, std::string jid, Track track);

// Its time ran out.
void Expire(Core& core, Held& held);
// All that a worker has that is gone, in slices.
Task<void> Rescue(Core& core, std::string wid);

// A job that nobody has ends, and is not kept: expired (then it has no `job`'s failure), or cancelled.
struct Discarded {
  const job::Job* job = nullptr;
  JobId id;
  queue::QueueId queue;
  Place place = Place::kReady;
};
// `gathering` is the one that its row, if that is taken out already, was removed in: both are one change.
void Discard(Core& core, const Discarded& discarded, Gathering& gathering);
// What is in the store is no job: it goes to the dead.
void Bury(Core& core, JobId id, queue::QueueId queue, const std::string& why);

// The row of a dead job, and all that goes with its death but where it was before.
void PutDead(Core& core, StoredJob job, Gathering& gathering);
// The record of what was said of a job; it is kept for `options.results_for` after its end.
void PutProgress(Core& core, std::string_view jid, const JobProgress& progress, Gathering& gathering);

}  // namespace tidemill::jobs
