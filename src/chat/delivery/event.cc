#include "chat/delivery/event.h"

namespace tidemill::chat {

std::string EventJson(const EventHead& head, std::string_view data) {
  return ObjectJson([&](JsonWriter& json) {
    json.Member("type", head.type);
    if (head.room_id.value() != 0) json.Member("room_id", ToText(head.room_id));
    json.Member("ts", head.at.ms);
    json.RawMember("data", data);
  });
}

std::string EventNow(const net::Loop& loop, std::string_view type, RoomId room, std::string_view data) {
  return EventJson({.type = type, .room_id = room, .at = loop.clock().WallNow()}, data);
}

std::string AsPersonal(const Change& change) {
  return EventJson({.type = change.type, .room_id = change.room_id, .at = change.at}, change.data);
}

Change RoomDeleted(const net::Loop& loop, RoomId room, Version version) {
  return {.room_id = room,
          .version = version,
          .type = "room.deleted",
          .at = loop.clock().WallNow(),
          .data = ObjectJson([&](JsonWriter& json) { json.Member("room_id", ToText(room)); })};
}

}  // namespace tidemill::chat
