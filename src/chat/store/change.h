// Change: one change of a room, with its version: what is published in the room's channel and kept a while.
//
// Values; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "chat/store/ids.h"

namespace tidemill::chat {

struct Change {
  RoomId room_id;
  Version version = 0;
  std::string type;  // "message.created"
  WallTime at;
  std::string data;  // JSON, the event's `data`, made by json.h
  friend bool operator==(const Change&, const Change&) = default;
};

// What a write has done: its changes are published in this order, after whoever came before it in the room.
template <class T>
struct Changed {
  T value{};
  std::vector<Change> changes;  // none: it was so already
};

struct ChangePage {
  std::vector<Change> changes;
  bool has_more = false;
  bool reset = false;  // what follows that version is not kept any more
};

}  // namespace tidemill::chat
