// jobs_batch_new, jobs_batch_open, jobs_batch_commit, jobs_batch, jobs_batches.
#pragma once

#include <vector>

#include "jobs/job_api/services.h"

namespace tidemill::jobs {

std::vector<api::Method> BatchMethods(ApiServices& services);

}  // namespace tidemill::jobs
