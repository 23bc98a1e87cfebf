// Settings of channels: what is the same for all, and the options of each namespace.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "config/section_fwd.h"

namespace tidemill::channels {

// The proxy that channel.proxy.* configures for its kind; others are in [[proxies]].
inline constexpr std::string_view kDefaultProxy = "default";

// Of map channels; what is 0 has a default that broker/map_settings.h gives.
struct MapOptions {
  std::string mode;  // "ephemeral", "recoverable" or "persistent"
  Duration key_ttl{};
  std::uint32_t stream_size = 0;
  Duration stream_ttl{};
  Duration meta_ttl{};
  bool ordered = false;
  bool remove_client_on_unsubscribe = false;
  std::string client_key;  // "": what the client says; "client_id" or "user_id"
  bool allow_publish_for_client = false;
  bool allow_publish_for_subscriber = false;
  bool allow_publish_for_anonymous = false;
  bool allow_remove_for_client = false;
  bool allow_remove_for_subscriber = false;
  bool allow_remove_for_anonymous = false;
  bool publish_proxy_enabled = false;
  std::string publish_proxy_name = std::string(kDefaultProxy);
  bool remove_proxy_enabled = false;
  std::string remove_proxy_name = std::string(kDefaultProxy);
  std::uint32_t default_page_size = 0;
  std::uint32_t min_page_size = 0;
  std::uint32_t max_page_size = 0;
  std::uint32_t live_transition_max_publication_limit = 0;
  Duration subscribe_catch_up_timeout{};
  friend bool operator==(const MapOptions&, const MapOptions&) = default;
};

// Of channels whose keys the operator's service is asked about (realtime/polls/).
struct PollOptions {
  std::string mode;  // "" or "versionless", "versioned"
  std::string proxy_name = std::string(kDefaultProxy);
  Duration refresh_interval = Seconds(10);
  std::uint32_t refresh_batch_size = 1000;
  std::uint32_t max_keys_per_connection = 5000;
  Duration channel_shutdown_delay = Seconds(1);
  Duration track_expired_extra_delay = Seconds(25);
  // Whether the service says the versions of data; otherwise the server makes them.
  bool versioned() const { return mode == "versioned"; }
  friend bool operator==(const PollOptions&, const PollOptions&) = default;
};

// Options of the channels of one namespace. All off unless a default is given.
struct ChannelOptions {
  bool presence = false;
  bool join_leave = false;
  bool force_push_join_leave = false;
  std::uint32_t history_size = 0;
  Duration history_ttl{};
  Duration history_meta_ttl{};  // 0: channel.history_meta_ttl
  bool force_positioning = false;
  bool allow_positioning = false;
  bool force_recovery = false;
  bool allow_recovery = false;
  std::string force_recovery_mode;  // "", "stream" or "cache"
  bool auto_cache_recover = false;
  bool allow_subscribe_for_client = false;
  bool allow_subscribe_for_anonymous = false;
  bool allow_publish_for_client = false;
  bool allow_publish_for_subscriber = false;
  bool allow_publish_for_anonymous = false;
  bool allow_presence_for_client = false;
  bool allow_presence_for_subscriber = false;
  bool allow_presence_for_anonymous = false;
  bool allow_history_for_client = false;
  bool allow_history_for_subscriber = false;
  bool allow_history_for_anonymous = false;
  bool allow_user_limited_channels = false;
  std::string channel_regex;                     // what follows the namespace must match it; "" any
  std::string publication_data_format;           // "", "json", "json_object" or "binary"
  std::vector<std::string> allowed_delta_types;  // empty, or "fossil"
  bool delta_publish = false;
  bool allow_tags_filter = false;
  std::string subscription_type;  // "" or "stream", "map", "map_clients", "map_users", "shared_poll"
  MapOptions map;
  PollOptions poll;
  // Of the map channel that mirrors who is in a channel: what stands before the channel's name; "": none.
  std::string map_clients_presence_channel_prefix;
  std::string map_users_presence_channel_prefix;
  // Whether the operator's own service decides, and which proxy asks it.
  bool subscribe_proxy_enabled = false;
  std::string subscribe_proxy_name = std::string(kDefaultProxy);
  bool publish_proxy_enabled = false;
  std::string publish_proxy_name = std::string(kDefaultProxy);
  bool sub_refresh_proxy_enabled = false;
  std::string sub_refresh_proxy_name = std::string(kDefaultProxy);
  // Publications are held back until there are so many, or for so long, and only the newest is sent if
  // wanted.
  std::uint32_t batch_max_size = 0;
  Duration batch_max_delay{};
  bool batch_flush_latest = false;
  bool conflate_slow_clients = false;
  // Whether the operator's service is told of occupied and vacated, and of who comes and goes (src/events/).
  bool state_proxy_enabled = false;
  bool state_proxy_join_leave = false;
  bool is_map() const { return subscription_type.starts_with("map"); }
  bool is_poll() const { return subscription_type == "shared_poll"; }
  // Whether what is published in it has no key.
  bool is_stream() const { return !is_map() && !is_poll(); }
  bool allows_deltas() const { return !allowed_delta_types.empty(); }
  // Whether they are possible: of a map where it has a stream, so that the state that subscribers are sent is
  // that of a known position.
  bool can_have_deltas() const {
    return !is_map() || (subscription_type == "map" && map.mode != "ephemeral");
  }
  friend bool operator==(const ChannelOptions&, const ChannelOptions&) = default;
};

struct ChannelSettings {
  std::uint32_t max_length = 255;
  Duration history_meta_ttl = Hours(720);
  std::uint32_t delta_max_size = 64 * 1024;
  std::uint64_t delta_bases_max_size = std::uint64_t{64} << 20;
  std::uint32_t tags_filters_max = 100;
  ChannelOptions without_namespace;
  std::map<std::string, ChannelOptions> namespaces;
  friend bool operator==(const ChannelSettings&, const ChannelSettings&) = default;
};

config::Section<ChannelSettings> ChannelSection();
// Of channels whose name has no namespace: channel.without_namespace.
config::Section<ChannelOptions> OptionSection();
// channel.namespaces
config::NamedTables<ChannelOptions> NamespaceTables();

}  // namespace tidemill::channels
