// PUSHB: thousands of jobs of one line, pushed a turn's share at a time.
//
// Nothing is pushed before the whole line has been read. Loop thread of the engine.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "jobs/engine/engine.h"
#include "net/task.h"

namespace tidemill::faktory {

// Gives, once all that could be is committed, a JSON object with an error for each jid that was not pushed.
// An error is one of the whole: nothing was pushed. `array` outlives the task.
Task<Result<std::string>> PushAll(jobs::Engine& engine, std::string_view array, std::size_t job_bytes_max);

}  // namespace tidemill::faktory
