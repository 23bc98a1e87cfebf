#include "chat/operations/due.h"

#include <utility>
#include <vector>

#include "chat/operations/reminders.h"
#include "chat/operations/scheduled.h"
#include "net/sleep.h"

namespace tidemill::chat {

Task<void> Due::Run() {
  while (true) {
    co_await net::Sleep(services_.loop, kEvery);
    co_await SendMessages();
    co_await TellReminders();
  }
}

// What came of each is told to its author.
Task<void> Due::SendMessages() {
  auto due =
      co_await services_.store.schedule().ListDue(services_.loop.clock().WallNow(), ScheduleStore::kDueMax);
  if (!due) co_return;
  for (const ScheduledMessage& each : *due) (void)co_await SendScheduled(services_, each.id);
}

Task<void> Due::TellReminders() {
  auto due =
      co_await services_.store.reminders().ListDue(services_.loop.clock().WallNow(), ReminderStore::kDueMax);
  if (!due) co_return;
  for (Reminder& each : *due) (void)co_await TellReminder(services_, std::move(each));
}

}  // namespace tidemill::chat
