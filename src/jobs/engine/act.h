// Act: what somebody wants with a job, or with many: cancel, retry, kill, discard.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "jobs/engine/core.h"
#include "jobs/engine/find.h"
#include "net/task.h"

namespace tidemill::jobs {

// A job that a worker has is told to end. kInvalidArgument: it is dead already.
Task<Result<JobState>> Cancel(Core& core, std::string jid);
Task<Result<>> Retry(Core& core, std::string jid);
Task<Result<>> Kill(Core& core, std::string jid);
// Puts it among the dead, as it stands there.
void KillLocated(Core& core, Located located);
Task<Result<std::size_t>> ApplyToMany(Core& core, BulkAction action);
Task<Result<std::size_t>> CancelWorking(Core& core, std::vector<std::string> jids, JobFilter filter);

// A job that was dead begins anew: its failures count no more. kInvalidArgument: its text is no job.
Result<> RunNow(Core& core, const Located& located);

}  // namespace tidemill::jobs
