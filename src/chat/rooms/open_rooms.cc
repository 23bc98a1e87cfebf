#include "chat/rooms/open_rooms.h"

#include <iterator>

namespace tidemill::chat {

OpenRooms::~OpenRooms() { metrics_.open_rooms.Sub(static_cast<std::int64_t>(rooms_.size())); }

OpenRoom& OpenRooms::Open(RoomId id) {
  if (OpenRoom* const found = Find(id)) {
    used_.splice(used_.begin(), used_, found->used);
    return *found;
  }
  ForgetSome();
  auto room = std::make_unique<OpenRoom>(id);
  used_.push_front(id);
  room->used = used_.begin();
  metrics_.open_rooms.Add(1);
  return *rooms_.emplace(id, std::move(room)).first->second;
}

OpenRoom* OpenRooms::Find(RoomId id) {
  const auto found = rooms_.find(id);
  return found == rooms_.end() ? nullptr : found->second.get();
}

// Those in use are put in front, so that others are looked at the next time.
void OpenRooms::ForgetSome() {
  for (std::size_t looks = 0; rooms_.size() >= kRoomsMax && looks < kLooksMax; ++looks) {
    const auto last = std::prev(used_.end());
    const auto found = rooms_.find(*last);
    if (!found->second->IsIdle()) {
      used_.splice(used_.begin(), used_, last);
      continue;
    }
    rooms_.erase(found);
    used_.erase(last);
    metrics_.open_rooms.Sub(1);
  }
}

}  // namespace tidemill::chat
