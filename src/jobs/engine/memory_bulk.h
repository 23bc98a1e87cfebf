// MemoryBulk: goes through the jobs that only memory has (Durability::kMemory), for what is done with many at
// once: the store's pages do not list them.
#pragma once

#include <functional>

#include "base/result.h"
#include "jobs/engine/core.h"
#include "jobs/engine/find.h"
#include "net/task.h"

namespace tidemill::jobs {

// Calls `act` with each job in `place` that the filter admits, whole, in slices; it may take the job out.
// Those that come meanwhile may be left out. kNotAvailable: the jobs have moved.
Task<Result<>> VisitMemory(Core& core, Place place, JobFilter filter, std::function<void(Located)> act);

}  // namespace tidemill::jobs
