// jobs_retry, jobs_cancel, jobs_kill, jobs_redrive, jobs_kill_many, jobs_cancel_many, jobs_discard.
#pragma once

#include <vector>

#include "jobs/job_api/services.h"

namespace tidemill::jobs {

std::vector<api::Method> ActMethods(ApiServices& services);

}  // namespace tidemill::jobs
