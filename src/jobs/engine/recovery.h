// Recovery: a start reads everything back that memory needs, in pages, so that no turn is long.
#pragma once

#include "base/result.h"
#include "jobs/engine/core.h"
#include "net/task.h"

namespace tidemill::jobs {

// Memory must be empty. What workers had when the last owner stopped is theirs still, as far as it was
// claimed; the rest is in its queue.
Task<Result<>> Recover(Core& core);

}  // namespace tidemill::jobs
