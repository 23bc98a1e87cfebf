// Refill: the texts of jobs that come next in a queue whose memory holds ids only, loaded before their turn.
#pragma once

#include "jobs/engine/core.h"

namespace tidemill::jobs {

// A text as the store has it may be longer than what a producer may push: failures and checkpoints are added.
inline constexpr std::size_t kStoredTextBytesMax = 4 << 20;

// Cheap while nothing is missing.
void RefillIfLow(Core& core, queue::QueueId queue);

}  // namespace tidemill::jobs
