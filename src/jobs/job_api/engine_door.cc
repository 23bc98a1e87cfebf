#include "jobs/job_api/engine_door.h"

#include <fmt/format.h>

namespace tidemill::jobs {

api::Failure EngineDoor::TooMany() const {
  return {protocol::kErrorLimitExceeded,
          fmt::format("{} requests about jobs are under way on this node (jobs.requests_max)",
                      limits_.requests_max)};
}

void EngineDoor::EndTasks() { fetches_->Close(); }

}  // namespace tidemill::jobs
