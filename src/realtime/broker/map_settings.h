// From a namespace's options to how the broker keeps the states of its map channels.
#pragma once

#include <algorithm>
#include <cstdint>

#include "realtime/broker/map_broker.h"
#include "realtime/channels/settings.h"

namespace tidemill::broker {

// What a subscription of a map may ask for, and how much it gets at once.
struct MapPaging {
  std::uint32_t keys_default = 100;
  std::uint32_t keys_min = 100;
  std::uint32_t keys_max = 1000;
  std::uint32_t live_publications_max = 1000;  // that a subscription may be behind when it goes live
  Duration catch_up_timeout = Seconds(5);      // from its first page to then

  // `asked`: 0 or less is the default.
  std::uint32_t PageOf(std::int32_t asked) const {
    const std::uint32_t keys = asked > 0 ? static_cast<std::uint32_t>(asked) : keys_default;
    return std::min(std::max(keys, keys_min), keys_max);
  }
};

inline MapSettings MapSettingsOf(const channels::ChannelOptions& options) {
  const channels::MapOptions& map = options.map;
  MapSettings settings{.stream = {}, .key_ttl = map.key_ttl, .ordered = map.ordered};
  if (map.mode == "ephemeral") return settings;
  constexpr Duration kForever = Hours(10 * 8760);
  const Duration stream_ttl = map.stream_ttl.ms > 0 ? map.stream_ttl : Minutes(1);
  const Duration derived = std::max(Duration{10 * stream_ttl.ms}, map.key_ttl);
  const Duration default_meta_ttl = map.key_ttl.ms > 0 ? derived : kForever;
  settings.stream = {.size = map.stream_size > 0 ? map.stream_size : 100,
                     .ttl = stream_ttl,
                     .meta_ttl = map.meta_ttl.ms > 0 ? map.meta_ttl : default_meta_ttl};
  return settings;
}

inline MapPaging MapPagingOf(const channels::ChannelOptions& options) {
  const channels::MapOptions& map = options.map;
  MapPaging paging;
  if (map.default_page_size > 0) paging.keys_default = map.default_page_size;
  if (map.min_page_size > 0) paging.keys_min = map.min_page_size;
  if (map.max_page_size > 0) paging.keys_max = map.max_page_size;
  paging.live_publications_max = map.live_transition_max_publication_limit > 0
                                     ? map.live_transition_max_publication_limit
                                     : paging.keys_max;
  if (map.subscribe_catch_up_timeout.ms > 0) paging.catch_up_timeout = map.subscribe_catch_up_timeout;
  return paging;
}

}  // namespace tidemill::broker
