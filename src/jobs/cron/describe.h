// A schedule in words: "at 03:30 on weekdays, Europe/Berlin". Any thread.
#pragma once

#include <string>

#include "jobs/cron/schedule.h"
#include "jobs/cron/zone.h"

namespace tidemill::cron {

std::string Describe(const Schedule& schedule, const Zone& zone);

}  // namespace tidemill::cron
