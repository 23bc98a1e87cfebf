// Room: what is the same for all who see it. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "chat/store/ids.h"

namespace tidemill::chat {

enum class RoomType : std::uint8_t {
  kChannel,    //
  kBroadcast,  // moderators post, many read: no receipts, no typing
  kDirect,     // two people; found by who they are
  kGroup,      // three to ten people; found by who they are
};
std::string_view Name(RoomType type);
std::optional<RoomType> ParseRoomType(std::string_view name);

enum class WhoCanPost : std::uint8_t { kAll, kModerators };
std::string_view Name(WhoCanPost who);  // "all", "moderators"
std::optional<WhoCanPost> ParseWhoCanPost(std::string_view name);

struct RoomSettings {
  WhoCanPost who_can_post = WhoCanPost::kAll;
  std::int64_t slow_mode_s = 0;     // between two messages of one member; moderators are free of it
  std::int64_t text_max = 8'000;    // characters (code points) of a message
  std::int64_t retention_days = 0;  // 0: for ever
  bool threads = true;
  bool reactions = true;
  bool typing = true;
  bool receipts = true;
  friend bool operator==(const RoomSettings&, const RoomSettings&) = default;
};

struct LastMessage {
  Seq seq = 0;
  std::string user_id;
  std::string text;  // the first 200 characters
  WallTime created_at;
  friend bool operator==(const LastMessage&, const LastMessage&) = default;
};

struct Room {
  RoomId id;
  RoomType type = RoomType::kChannel;
  bool is_private = false;
  std::string name;
  std::string topic;
  WallTime created_at;
  std::string created_by;
  std::optional<WallTime> archived_at;
  Seq last_seq = 0;
  std::int64_t root_count = 0;     // messages that count as unread: of type text, not in a thread
  std::int64_t mention_count = 0;  // of these, those that mention the whole room
  Version version = 0;
  std::int64_t member_count = 0;
  RoomSettings settings;
  std::optional<LastMessage> last_message;
  std::vector<std::string> user_ids;  // kDirect and kGroup, sorted
  friend bool operator==(const Room&, const Room&) = default;
};

}  // namespace tidemill::chat
