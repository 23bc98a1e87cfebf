// A job as it comes over HTTP. On a loop.
#pragma once

#include <string_view>

#include "jobs/job/job.h"
#include "jobs/job_api/failures.h"

namespace tidemill::jobs {

// With a jid of its own, if it came without. The failure names the member that is wrong.
ApiResult<job::Job> ParseWithJid(std::string_view text);

}  // namespace tidemill::jobs
