// Commands that take more than a turn: what they make of the engine's. Loop thread of the engine.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "jobs/engine/engine.h"
#include "jobs/faktory/command.h"
#include "net/task.h"

namespace tidemill::faktory {

// `clearing` counts those under way, and outlives the task.
Task<Result<>> RunFlush(jobs::Engine& engine, std::size_t& clearing);
Task<Result<>> RunMutate(jobs::Engine& engine, Mutate mutate);
Task<Result<>> RunCancel(jobs::Engine& engine, std::string jid);
Task<Result<>> RemoveQueues(jobs::Engine& engine, QueueCommand command);
// Those that the command names, or all there are.
std::vector<std::string> QueuesOf(const jobs::Engine& engine, const QueueCommand& command);

}  // namespace tidemill::faktory
