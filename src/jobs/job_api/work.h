// What a worker without Faktory's protocol calls: jobs_fetch, jobs_ack, jobs_fail, jobs_give_back,
// jobs_progress, jobs_beat.
#pragma once

#include <vector>

#include "jobs/job_api/services.h"

namespace tidemill::jobs {

std::vector<api::Method> WorkMethods(ApiServices& services);

}  // namespace tidemill::jobs
