// jobs_queues, jobs_queue_pause, jobs_queue_resume, jobs_queue_remove.
#pragma once

#include <vector>

#include "jobs/job_api/services.h"

namespace tidemill::jobs {

std::vector<api::Method> QueueMethods(ApiServices& services);

}  // namespace tidemill::jobs
