// Keys: the names of a channel's keys and of its pub/sub channel in Redis (docs/formats/redis-record.md).
//
// All names of one channel share the hash tag "{.<channel>}", and so one slot of a cluster. The dot keeps the
// tag from being empty when the channel's name begins with "}".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "realtime/channels/name.h"

namespace tidemill::broker::redis_broker {

class Keys {
 public:
  explicit Keys(std::string prefix) : prefix_(std::move(prefix)), pub_sub_begin_(prefix_ + ".client.{.") {}

  std::string Stream(const channels::ChannelName& channel) const { return Name("stream", channel); }
  std::string Meta(const channels::ChannelName& channel) const { return Name("meta", channel); }
  std::string PublishResult(const channels::ChannelName& channel, std::string_view key) const {
    return Name("result", channel) + "." + std::string(key);
  }
  std::string MapData(const channels::ChannelName& channel) const { return Name("map.data", channel); }
  std::string MapOrder(const channels::ChannelName& channel) const { return Name("map.order", channel); }
  std::string MapExpiry(const channels::ChannelName& channel) const { return Name("map.expiry", channel); }
  std::string PresenceData(const channels::ChannelName& channel) const {
    return Name("presence.data", channel);
  }
  std::string PresenceExpiry(const channels::ChannelName& channel) const {
    return Name("presence.expiry", channel);
  }
  std::string PresenceUsers(const channels::ChannelName& channel) const {
    return Name("presence.users", channel);
  }

  // The pub/sub channel, and the channel that such a name stands for.
  std::string PubSub(const channels::ChannelName& channel) const {
    return pub_sub_begin_ + channel.value() + "}";
  }
  std::optional<std::string_view> ChannelOf(std::string_view pub_sub) const {
    if (!pub_sub.starts_with(pub_sub_begin_) || !pub_sub.ends_with('}')) return std::nullopt;
    pub_sub.remove_prefix(pub_sub_begin_.size());
    pub_sub.remove_suffix(1);
    return pub_sub;
  }

 private:
  std::string Name(std::string_view kind, const channels::ChannelName& channel) const {
    return prefix_ + "." + std::string(kind) + ".{." + channel.value() + "}";
  }

  const std::string prefix_;
  const std::string pub_sub_begin_;
};

}  // namespace tidemill::broker::redis_broker
