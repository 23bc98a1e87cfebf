// Tenure: the time for which this node owns the jobs of the store: it takes the lease, reads everything back,
// serves, keeps the lease, and starts anew when it has lost it.
#pragma once

#include "base/result.h"
#include "jobs/engine/core.h"
#include "net/task.h"

namespace tidemill::jobs {

// Until a stop.
Task<void> Own(Core& core);
// Somebody else owns the store now: memory is forgotten.
void LoseLease(Core& core);
// What was to be written never can be: it is forgotten with all that is in memory, as by a restart, and what
// the store has is served again. False: the node stops.
bool StartOver(Core& core, const Error& why);
Task<void> StopOwning(Core& core);
// Everything is dropped, in memory and in the store, but schedules and the states of queues.
Task<Result<>> ClearAll(Core& core);

}  // namespace tidemill::jobs
