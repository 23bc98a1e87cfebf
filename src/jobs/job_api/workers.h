// jobs_workers, jobs_worker_quiet, jobs_worker_terminate.
#pragma once

#include <vector>

#include "jobs/job_api/services.h"

namespace tidemill::jobs {

std::string_view Name(WorkerState state);  // "running", "quiet", "terminate"
std::vector<api::Method> WorkerMethods(ApiServices& services);

}  // namespace tidemill::jobs
