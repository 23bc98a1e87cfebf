// The names under which a channel is in Redis. Those of one channel share a hash tag, "{.<channel>}": the dot
// keeps the tag from being empty whatever the channel's name begins with.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "realtime/channels/name.h"

namespace tidemill::broker::redis_broker {

class Keys {
 public:
  explicit Keys(std::string prefix) : prefix_(std::move(prefix)), live_begin_(prefix_ + ".client.{.") {}

  std::string Stream(const channels::ChannelName& channel) const { return Name("stream", channel); }
  std::string Meta(const channels::ChannelName& channel) const { return Name("meta", channel); }
  std::string PublishResult(const channels::ChannelName& channel, std::string_view key) const {
    return Name("result", channel) + "." + std::string(key);
  }
  std::string PresenceData(const channels::ChannelName& channel) const {
    return Name("presence.data", channel);
  }
  std::string PresenceExpiry(const channels::ChannelName& channel) const {
    return Name("presence.expiry", channel);
  }
  std::string PresenceUsers(const channels::ChannelName& channel) const {
    return Name("presence.users", channel);
  }

  // The pub/sub channel, and back.
  std::string Live(const channels::ChannelName& channel) const { return live_begin_ + channel.value() + "}"; }
  std::optional<std::string_view> ChannelOf(std::string_view live) const {
    if (!live.starts_with(live_begin_) || !live.ends_with('}')) return std::nullopt;
    live.remove_prefix(live_begin_.size());
    live.remove_suffix(1);
    return live;
  }

 private:
  std::string Name(std::string_view kind, const channels::ChannelName& channel) const {
    return prefix_ + "." + std::string(kind) + ".{." + channel.value() + "}";
  }

  const std::string prefix_;
  const std::string live_begin_;
};

}  // namespace tidemill::broker::redis_broker
