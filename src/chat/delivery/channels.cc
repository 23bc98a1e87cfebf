#include "chat/delivery/channels.h"

#include <utility>

#include "base/ascii.h"
#include "base/percent.h"

namespace tidemill::chat {
namespace {

constexpr std::string_view kRoomPrefix = "chat:room/";
constexpr std::string_view kLiveRoomPrefix = "chat_live:room/";
constexpr std::string_view kUserPrefix = "chat:user/";

// ECMAScript, encodeURIComponent.
bool StaysInComponent(char c) {
  return IsLetter(c) || IsDigit(c) || std::string_view("-_.!~*'()").contains(c);
}

std::optional<ChannelOfChat> RoomIn(std::string_view channel, std::string_view prefix,
                                    ChannelOfChat::Kind kind) {
  const auto room = ParseId<RoomId>(channel.substr(prefix.size()));
  if (!room || ToText(*room) != channel.substr(prefix.size())) return std::nullopt;
  return ChannelOfChat{.kind = kind, .user = "", .room = *room};
}

}  // namespace

std::string RoomChannel(RoomId room) { return std::string(kRoomPrefix) + ToText(room); }

std::string LiveRoomChannel(RoomId room) { return std::string(kLiveRoomPrefix) + ToText(room); }

std::string UserChannel(std::string_view user) {
  std::string channel(kUserPrefix);
  for (const char c : user) {
    if (StaysInComponent(c)) {
      channel += c;
    } else {
      AppendPercentEncoded(c, channel);
    }
  }
  return channel;
}

std::optional<ChannelOfChat> ParseChannel(std::string_view channel) {
  using Kind = ChannelOfChat::Kind;
  if (channel == kAllChannel) return ChannelOfChat{};
  if (channel.starts_with(kRoomPrefix)) return RoomIn(channel, kRoomPrefix, Kind::kRoom);
  if (channel.starts_with(kLiveRoomPrefix)) return RoomIn(channel, kLiveRoomPrefix, Kind::kLiveRoom);
  if (!channel.starts_with(kUserPrefix)) return std::nullopt;
  std::optional<std::string> user = PercentDecode(channel.substr(kUserPrefix.size()));
  if (!user || user->empty() || UserChannel(*user) != channel) return std::nullopt;
  return ChannelOfChat{.kind = Kind::kUser, .user = *std::move(user), .room = {}};
}

channels::ChannelOptions ChatChannelOptions() {
  channels::ChannelOptions options;
  options.publication_data_format = "json";
  options.history_size = 500;
  options.history_ttl = Minutes(10);
  options.force_positioning = true;
  options.force_recovery = true;
  return options;
}

channels::ChannelOptions LiveRoomChannelOptions() {
  channels::ChannelOptions options;
  options.publication_data_format = "json";
  return options;
}

}  // namespace tidemill::chat
