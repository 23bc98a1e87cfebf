// Find: where a job is, and what is known of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/engine/core.h"
#include "net/task.h"

namespace tidemill::jobs {

// A job that nobody has.
struct Located {
  StoredJob job;  // of a memory queue: perhaps without type and text
  queue::QueueId queue;
  Place place = Place::kReady;
  Wait wait = Wait::kScheduled;
  WallTime at;
};

// Where the job is when this returns, and until the caller waits for something. kAlreadyExists: a worker has
// it. kNotFound: there is none of that jid, or not in `only`.
Task<Result<Located>> Locate(Core& core, std::string jid, std::optional<Place> only = std::nullopt);
JobState StateAt(const Located& located);

// Takes it out of where it is, in memory and in the store: it is the caller's.
void TakeOut(Core& core, const Located& located, Gathering& gathering);

Task<Result<JobView>> Find(Core& core, std::string jid);
std::vector<JobView> WorkingViews(const Core& core, std::size_t from, std::size_t count);

}  // namespace tidemill::jobs
