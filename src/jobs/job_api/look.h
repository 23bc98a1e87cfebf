// jobs_get, jobs_list, jobs_counts.
#pragma once

#include <vector>

#include "jobs/job_api/services.h"

namespace tidemill::jobs {

std::vector<api::Method> LookMethods(ApiServices& services);

}  // namespace tidemill::jobs
