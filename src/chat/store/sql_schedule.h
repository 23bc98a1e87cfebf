// MakeSqlSchedule: ScheduleStore on SQL.
#pragma once

#include <memory>

#include "chat/store/schedule_store.h"
#include "chat/store/sql_context.h"

namespace tidemill::chat {

// The context outlives it.
std::unique_ptr<ScheduleStore> MakeSqlSchedule(SqlContext& context);

}  // namespace tidemill::chat
