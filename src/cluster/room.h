// Room: how much of a limit a command may use.
//
// What clients cause (control::Deliver) has half of it: a flood of them leaves the operator's commands, as
// disconnect and unsubscribe, room in every node's limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>

#include "cluster/messages.h"

namespace tidemill::cluster {

enum class Room : std::uint8_t { kWhole, kHalf };

constexpr std::size_t Within(std::size_t limit, Room room) { return room == Room::kHalf ? limit / 2 : limit; }

inline Room RoomOf(const Command& command) {
  return std::holds_alternative<control::Deliver>(command.action) ? Room::kHalf : Room::kWhole;
}

}  // namespace tidemill::cluster
