// jobs_push, jobs_push_bulk.
#pragma once

#include <vector>

#include "jobs/job_api/services.h"

namespace tidemill::jobs {

std::vector<api::Method> PushMethods(ApiServices& services);

}  // namespace tidemill::jobs
