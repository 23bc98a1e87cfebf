#include "events/event.h"

#include "base/json_writer.h"

namespace tidemill::events {

std::string_view NameOf(EventType type) {
  switch (type) {
    case EventType::kOccupied: return "occupied";
    case EventType::kVacated: return "vacated";
    case EventType::kJoin: return "join";
    case EventType::kLeave: return "leave";
    case EventType::kConnect: return "connect";
    case EventType::kDisconnect: return "disconnect";
  }
  return "";
}

std::string JsonOf(EventType type, std::string_view channel, WallTime at) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Member("type", NameOf(type));
  json.Member("channel", channel);
  json.Member("time_ms", at.ms);
  json.EndObject();
  return out;
}

std::string JsonOf(const ClientEvent& event) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Member("type", NameOf(event.type));
  if (!event.channel.empty()) json.Member("channel", event.channel);
  json.Member("user", event.user);
  json.Member("client", event.client);
  if (event.type == EventType::kConnect) {
    json.Member("transport", event.transport);
    if (!event.name.empty()) json.Member("name", event.name);
    if (!event.version.empty()) json.Member("version", event.version);
  }
  if (event.type == EventType::kDisconnect) {
    json.Member("code", event.code);
    json.Member("reason", event.reason);
  }
  json.Member("time_ms", event.at.ms);
  json.EndObject();
  return out;
}

}  // namespace tidemill::events
