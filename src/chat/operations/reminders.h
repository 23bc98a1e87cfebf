// Reminders of messages, as operations; and how one is told. Loop thread only.
#pragma once

#include <vector>

#include "chat/api/operation.h"
#include "chat/operations/services.h"
#include "chat/store/reminder_store.h"
#include "net/task.h"

namespace tidemill::chat {

std::vector<Operation> ReminderOperations(Services& services);

// Tells its user of one whose time has come, unless somebody has; it stays in their list.
Task<Outcome<>> TellReminder(Services& services, Reminder reminder);

}  // namespace tidemill::chat
