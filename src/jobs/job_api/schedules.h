// jobs_schedules, jobs_schedule, jobs_schedule_set, _remove, _pause, _resume, _run, and jobs_schedule_next,
// which says when something would fire.
#pragma once

#include <vector>

#include "jobs/job_api/services.h"

namespace tidemill::jobs {

std::vector<api::Method> ScheduleMethods(ApiServices& services);

}  // namespace tidemill::jobs
