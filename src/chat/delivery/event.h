// Events that are no changes of a room: {"type","room_id"?,"ts","data"}. Functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "chat/store/change.h"
#include "chat/store/ids.h"
#include "net/loop.h"

namespace tidemill::chat {

struct EventHead {
  std::string_view type;
  RoomId room_id;  // 0: of no room
  WallTime at;
};

// `data`: a JSON object.
std::string EventJson(const EventHead& head, std::string_view data);

// What of no room's version is, at the time of now.
std::string EventNow(const net::Loop& loop, std::string_view type, RoomId room, std::string_view data);
// The same event as in the room's channel, for those who do not look at the room.
std::string AsPersonal(const Change& change);
// The last change of a room, which is published and not kept.
Change RoomDeleted(const net::Loop& loop, RoomId room, Version version);

// An object of what `write` adds to it: ObjectJson([&](JsonWriter& json) { json.Member("a", 1); }).
template <class F>
std::string ObjectJson(F write) {
  std::string text;
  JsonWriter json(text);
  json.BeginObject();
  write(json);
  json.EndObject();
  return text;
}

}  // namespace tidemill::chat
