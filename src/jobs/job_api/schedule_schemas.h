// JSON schemas of the methods about schedules. Constants.
#pragma once

#include <string_view>

#include "api/method.h"

namespace tidemill::jobs {

extern const api::Schema kScheduleSchema;  // "JobSchedule": refers to Job
extern const std::string_view kSchedulesParams;
extern const std::string_view kSchedulesResult;
extern const std::string_view kScheduleNameParams;
extern const std::string_view kScheduleSetParams;
extern const std::string_view kScheduleRunResult;
extern const std::string_view kScheduleNextParams;
extern const std::string_view kScheduleNextResult;

}  // namespace tidemill::jobs
