// A client's line becomes a Command. Any thread.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/faktory/command.h"

namespace tidemill::faktory {

// `line` is without its end. The error's detail is what stands behind -ERR in the answer: Faktory's words
// where it has some. The connection goes on after it. `now` is for jobs that do not say when they were made.
Result<Command> ParseCommand(std::string_view line, WallTime now,
                             std::size_t job_bytes_max = job::kJobBytesMax);

}  // namespace tidemill::faktory
