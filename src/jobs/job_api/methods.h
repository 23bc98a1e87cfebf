// The methods of the HTTP API that concern jobs. One list for each loop; the services must outlive it and the
// calls it gives.
#pragma once

#include <vector>

#include "jobs/job_api/services.h"

namespace tidemill::jobs {

std::vector<api::Method> JobMethods(ApiServices& services);

}  // namespace tidemill::jobs
