// Event: what has happened to a channel or a connection, as the operator's service is told.
//
// Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace tidemill::events {

enum class EventType : std::uint8_t { kOccupied, kVacated, kJoin, kLeave, kConnect, kDisconnect };
std::string_view NameOf(EventType type);  // "occupied"

// Of a client: kJoin to kDisconnect.
struct ClientEvent {
  EventType type = EventType::kJoin;
  WallTime at{};
  std::string channel{};  // kJoin, kLeave
  std::string user{};
  std::string client{};
  // kConnect
  std::string_view transport{};
  std::string name{};
  std::string version{};
  // kDisconnect
  std::uint32_t code = 0;
  std::string reason{};
};

// {"type":"occupied","channel":"chat:index","time_ms":1697206286533}
std::string JsonOf(EventType type, std::string_view channel, WallTime at);
std::string JsonOf(const ClientEvent& event);

}  // namespace tidemill::events
