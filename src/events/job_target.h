// A queue of jobs as a target: each batch is a job, {"jobtype": "channel_events", "args": [{"events": […]}]},
// and has arrived when that is committed.
#pragma once

#include <memory>
#include <string>

#include "events/metrics.h"
#include "events/target.h"
#include "jobs/engine/engine.h"

namespace tidemill::events {

// Of the engine's loop. The engine outlives it.
std::unique_ptr<Target> MakeJobTarget(jobs::Engine& engine, std::string queue, Metrics& metrics);

}  // namespace tidemill::events
