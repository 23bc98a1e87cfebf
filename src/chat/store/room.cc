#include "chat/store/room.h"

#include "chat/store/names.h"

namespace tidemill::chat {
namespace {

constexpr std::string_view kTypes[] = {"channel", "broadcast", "direct", "group"};
constexpr std::string_view kPosters[] = {"all", "moderators"};

}  // namespace

std::string_view Name(RoomType type) { return kTypes[static_cast<std::size_t>(type)]; }
std::optional<RoomType> ParseRoomType(std::string_view name) { return ParseName<RoomType>(kTypes, name); }
std::string_view Name(WhoCanPost who) { return kPosters[static_cast<std::size_t>(who)]; }
std::optional<WhoCanPost> ParseWhoCanPost(std::string_view name) {
  return ParseName<WhoCanPost>(kPosters, name);
}

}  // namespace tidemill::chat
