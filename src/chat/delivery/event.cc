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

}  // namespace tidemill::chat
