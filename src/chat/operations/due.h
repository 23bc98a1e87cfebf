// Due: sends scheduled messages, and tells reminders, when their time has come. It looks for them once in
// kEvery, on one loop of each node; what several nodes find is done once. What cannot be done now, because of
// a database that is away or a room in slow mode, is tried again in the next round.
//
// Loop thread only.
#pragma once

#include <cstddef>

#include "base/clock.h"
#include "chat/operations/services.h"
#include "net/task.h"

namespace tidemill::chat {

class Due {
 public:
  static constexpr Duration kEvery = Seconds(1);
  static constexpr std::size_t kAtOnce = 8;  // messages, and reminders, that are under way

  // `services` outlives it.
  explicit Due(Services& services) : services_(services) {}

  // Each for ever, in a task of its own: neither waits for the other.
  Task<void> SendMessages();
  Task<void> TellReminders();

 private:
  Services& services_;
};

}  // namespace tidemill::chat
