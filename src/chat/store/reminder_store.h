// ReminderStore: messages that somebody wants to be reminded of. Part of Store (store.h), whose contract
// holds here too.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "chat/store/ids.h"
#include "chat/store/refusal.h"
#include "net/task.h"

namespace tidemill::chat {

struct Reminder {
  ReminderId id;  // given by the store
  std::string user_id;
  RoomId room_id;
  MessageId message_id;
  std::string note;
  WallTime at;
  WallTime created_at;              // given by the store
  std::optional<WallTime> told_at;  // nullopt: its time has not come
  friend bool operator==(const Reminder&, const Reminder&) = default;
};

class ReminderStore {
 public:
  static constexpr std::size_t kRemindersMax = 100;  // of a user, those that were told too
  static constexpr std::size_t kDueMax = 500;        // that are listed at once
  static constexpr std::size_t kNoteBytesMax = 1'000;

  virtual ~ReminderStore() = default;

  // kTooMany.
  virtual Task<Outcome<Reminder>> Add(Reminder reminder) = 0;
  // By their time; those that were told stay until they are removed, or for a year.
  virtual Task<Outcome<std::vector<Reminder>>> ListOf(std::string user) = 0;
  // Due then and not told, the earliest first.
  virtual Task<Outcome<std::vector<Reminder>>> ListDue(WallTime now, std::size_t limit) = 0;
  // Whether it was not told before: of several who ask, one tells it.
  virtual Task<Outcome<bool>> SetTold(ReminderId id, WallTime at) = 0;
  // Of that user's. kNotFound.
  virtual Task<Outcome<>> Remove(ReminderId id, std::string user) = 0;
};

}  // namespace tidemill::chat
