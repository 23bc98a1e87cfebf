#include "chat/operations/due.h"

#include <utility>
#include <vector>

#include "api/concurrently.h"
#include "chat/operations/reminders.h"
#include "chat/operations/scheduled.h"
#include "net/sleep.h"

namespace tidemill::chat {
namespace {

// What came of each is told to its author.
Task<void> SendOne(Services& services, ScheduledId id) {
  (void)co_await SendScheduled(services, id, SentBy::kClock);
}
Task<void> TellOne(Services& services, Reminder reminder) {
  (void)co_await TellReminder(services, std::move(reminder));
}

}  // namespace

Task<void> Due::SendMessages() {
  while (true) {
    co_await net::Sleep(services_.loop, kEvery);
    const auto due =
        co_await services_.store.schedule().ListDue(services_.loop.clock().WallNow(), ScheduleStore::kDueMax);
    if (!due) continue;
    auto send = [&](std::size_t i) { return SendOne(services_, (*due)[i]); };
    co_await api::ForEachConcurrently(due->size(), kAtOnce, send);
  }
}

Task<void> Due::TellReminders() {
  while (true) {
    co_await net::Sleep(services_.loop, kEvery);
    auto due = co_await services_.store.reminders().ListDue(services_.loop.clock().WallNow(),
                                                            ReminderStore::kDueMax);
    if (!due) continue;
    auto tell = [&](std::size_t i) { return TellOne(services_, std::move((*due)[i])); };
    co_await api::ForEachConcurrently(due->size(), kAtOnce, tell);
  }
}

}  // namespace tidemill::chat
