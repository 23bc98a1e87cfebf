// Entry: a job that waits in a queue's memory.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "base/clock.h"
#include "base/strong.h"

namespace tidemill::queue {

// Of the store: grows with each push, in the order of commits.
using JobId = Strong<std::uint64_t, struct JobIdTag>;

// Those with the highest bit are of queues that live in memory alone: the store never sees them, nor their
// texts.
inline constexpr std::uint64_t kMemoryIds = std::uint64_t{1} << 63;
inline bool IsInMemory(JobId id) { return (id.value() & kMemoryIds) != 0; }

struct Entry {
  JobId id;
  // Whoever takes the entry looks at it: an expired job is dropped, and the next one taken.
  WallTime expires_at{std::numeric_limits<std::int64_t>::max()};
  std::string text;  // what workers get; empty: only the store has it
  friend bool operator==(const Entry&, const Entry&) = default;
};

}  // namespace tidemill::queue
