// ReminderStore on SQL. Loop thread only.
#pragma once

#include <memory>

#include "chat/store/reminder_store.h"
#include "chat/store/sql_context.h"

namespace tidemill::chat {

// `context` outlives it.
std::unique_ptr<ReminderStore> MakeSqlReminders(SqlContext& context);

}  // namespace tidemill::chat
