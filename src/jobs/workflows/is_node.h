// IsNode: whether a job waits for others, or others may wait for it: Workflows knows it by its jid.
// Any thread.
#pragma once

#include "jobs/job/job.h"

namespace tidemill::jobs {

inline bool IsNode(const job::Job& job) {
  return job.flow && (job.flow->waits() || !job.flow->workflow.empty());
}

}  // namespace tidemill::jobs
