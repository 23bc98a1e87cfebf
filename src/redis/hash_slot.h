// Hash slots and hash tags of Redis Cluster (https://redis.io/docs/reference/cluster-spec, "Key distribution
// model"): which part of a key chooses its slot, and which of the 16384 slots.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidemill::redis {

inline constexpr std::uint16_t kSlots = 16384;

// The text between the first "{" and the first "}" after it; the whole key if there is none or it is empty.
std::string_view HashTag(std::string_view key);

// CRC-16/XMODEM of the tag, modulo kSlots.
std::uint16_t SlotOf(std::string_view key);

// A short hash tag whose keys are in the slot; always the same one.
std::string TagInSlot(std::uint16_t slot);

}  // namespace tidemill::redis
