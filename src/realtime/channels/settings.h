// Settings of channels: what is the same for all, and the options of each namespace.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"
#include "config/section_fwd.h"

namespace tidemill::channels {

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
  std::string channel_regex;            // what follows the namespace must match it; "" any
  std::string publication_data_format;  // "", "json", "json_object" or "binary"
  friend bool operator==(const ChannelOptions&, const ChannelOptions&) = default;
};

struct ChannelSettings {
  std::uint32_t max_length = 255;
  Duration history_meta_ttl = Hours(720);
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
