// ChangeStore: the changes of rooms that are kept, for who has missed some. Part of Store (store.h), whose
// contract holds here too.
#pragma once

#include <cstddef>

#include "chat/store/change.h"
#include "chat/store/refusal.h"
#include "net/task.h"

namespace tidemill::chat {

class ChangeStore {
 public:
  // A room keeps at least that many, and at most 64 more.
  static constexpr Version kKept = 1'000;

  virtual ~ChangeStore() = default;

  // Those behind `after`, in order, without gaps: at most `limit` (500). reset: they are not kept any more,
  // or `after` is no version that the room has had. kNotFound: no such room.
  virtual Task<Outcome<ChangePage>> ListAfter(RoomId room, Version after, std::size_t limit) = 0;
};

}  // namespace tidemill::chat
