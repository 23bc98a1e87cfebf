// What jobs wait for, and what holds them back: jobs_workflow_push, jobs_workflow, jobs_signal,
// jobs_sequences, jobs_sequence_skip, jobs_limits, jobs_limits_set, jobs_limits_reset.
#pragma once

#include <vector>

#include "jobs/job_api/services.h"

namespace tidemill::jobs {

std::vector<api::Method> FlowMethods(ApiServices& services);

}  // namespace tidemill::jobs
