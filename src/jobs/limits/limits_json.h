// QueueLimits as JSON: of a record, and of whoever sets them at run time. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "jobs/limits/queue_limits.h"

namespace tidemill::jobs {

void AppendLimits(const QueueLimits& limits, std::string& out);
// Checked. kInvalidArgument names the member, and what is accepted.
Result<QueueLimits> ParseLimits(std::string_view json);

}  // namespace tidemill::jobs
