// The channels of chat: their names, and the options of their two namespaces. Functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat/store/ids.h"
#include "realtime/channels/settings.h"

namespace tidemill::chat {

inline constexpr std::string_view kNamespace = "chat";
inline constexpr std::string_view kLiveNamespace = "chat_live";
inline constexpr std::string_view kAllChannel = "chat:all";

std::string RoomChannel(RoomId room);      // "chat:room/123"
std::string LiveRoomChannel(RoomId room);  // "chat_live:room/123"
// "chat:user/ada": the id is percent-encoded as encodeURIComponent does it.
std::string UserChannel(std::string_view user);

struct ChannelOfChat {
  enum class Kind : std::uint8_t { kAll, kUser, kRoom, kLiveRoom };
  Kind kind = Kind::kAll;
  std::string user;  // of kUser
  RoomId room;       // of kRoom and kLiveRoom
  friend bool operator==(const ChannelOfChat&, const ChannelOfChat&) = default;
};
// nullopt: it is none of these, or not spelled as the functions above do.
std::optional<ChannelOfChat> ParseChannel(std::string_view channel);

// 500 events of the last ten minutes, recovered by whoever comes back; clients only read.
channels::ChannelOptions ChatChannelOptions();
// Without a history.
channels::ChannelOptions LiveRoomChannelOptions();

}  // namespace tidemill::chat
