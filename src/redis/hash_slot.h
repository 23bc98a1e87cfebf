// Hash slots and hash tags of Redis Cluster (https://redis.io/docs/reference/cluster-spec, "Key distribution
// model"): which part of a key decides where it lives, and in which of 16384 slots.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidemill::redis {

inline constexpr std::uint16_t kSlots = 16384;

// What stands between the first "{" and the first "}" after it; the whole key if that is nothing.
std::string_view HashTag(std::string_view key);

// CRC-16/XMODEM of the tag, modulo kSlots.
std::uint16_t SlotOf(std::string_view key);

// A short text that is in the slot when it is a key's hash tag; always the same one.
std::string TagInSlot(std::uint16_t slot);

}  // namespace tidemill::redis
