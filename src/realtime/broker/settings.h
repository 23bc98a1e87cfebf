// Settings of the broker: where channels live, and the limits of those in memory.
#pragma once

#include <cstdint>
#include <string>

#include "config/section_fwd.h"
#include "redis/settings.h"

namespace tidemill::broker {

struct BrokerSettings {
  std::string type = "memory";  // or "redis"
  std::uint64_t history_bytes_max = std::uint64_t{1} << 30;
  std::uint64_t history_bytes_per_user_max = 0;
  std::uint32_t mailbox_messages_max = 100'000;
  std::uint32_t presence_entries_max = 1'000'000;
  std::uint64_t map_keys_per_channel_max = 1'000'000;
  std::uint64_t map_bytes_per_channel_max = std::uint64_t{256} << 20;
  redis::RedisSettings redis;
  friend bool operator==(const BrokerSettings&, const BrokerSettings&) = default;
};

config::Section<BrokerSettings> BrokerSection();

}  // namespace tidemill::broker
