// When a schedule next fires.
//
// Where clocks are moved: a schedule that has every hour (*/15 * * * *) goes by what the clock shows, so it
// fires in both of two equal hours and keeps its distance; every other one (30 2 * * *) fires once for each
// time it names: at the first of two, and at the first existing second if its own does not exist. Any thread.
#pragma once

#include <optional>

#include "base/clock.h"
#include "jobs/cron/schedule.h"
#include "jobs/cron/zone.h"

namespace tidemill::cron {

// The first firing after `after`, a whole second; nullopt when there is none within the 41 years after it, or
// outside the years 1 to 9999. Costs a few µs, whatever the schedule.
std::optional<WallTime> Next(const Schedule& schedule, const Zone& zone, WallTime after);

}  // namespace tidemill::cron
