// ScheduleStore: messages that are sent later; who sends them at their time is not known here. Part of Store
// (store.h), whose contract holds here too.
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

struct ScheduledMessage {
  ScheduledId id;  // given by the store
  RoomId room_id;
  std::string user_id;
  std::string text;
  WallTime at;
  WallTime created_at;  // given by the store
};

class ScheduleStore {
 public:
  static constexpr std::size_t kScheduledMax = 100;  // of a user

  virtual ~ScheduleStore() = default;

  // kNotFound: the user is not in the room.
  virtual Task<Outcome<ScheduledMessage>> Add(ScheduledMessage message) = 0;
  virtual Task<Outcome<std::vector<ScheduledMessage>>> ListOf(std::string user) = 0;
  virtual Task<Outcome<std::optional<ScheduledMessage>>> Find(ScheduledId id) = 0;
  // Due then, the earliest first: for who missed their time.
  virtual Task<Outcome<std::vector<ScheduledMessage>>> ListDue(WallTime now, std::size_t limit) = 0;
  // Whether it was there. `user`: whose it must be; "": anybody's.
  virtual Task<Outcome<bool>> Remove(ScheduledId id, std::string user) = 0;
};

}  // namespace tidemill::chat
