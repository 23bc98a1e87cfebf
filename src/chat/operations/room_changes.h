// What changes a room, on its owner loop, within its line of writes: the store first, then all who must hear
// of it. For operations and commands alike. Loop thread only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chat/rooms/rooms.h"
#include "chat/store/member.h"
#include "chat/store/room_store.h"
#include "net/task.h"

namespace tidemill::chat {

// What a patch says of the settings alone; each field as in RoomSettings.
struct SettingsPatch {
  std::optional<WhoCanPost> who_can_post;
  std::optional<std::int64_t> slow_mode_s;
  std::optional<std::int64_t> text_max;
  std::optional<std::int64_t> retention_days;
  std::optional<bool> threads;
  std::optional<bool> reactions;
  std::optional<bool> typing;
  std::optional<bool> receipts;
};

struct RoomEdit {
  RoomPatch patch;  // but the settings
  std::optional<SettingsPatch> settings;
};

RoomWrite<Room> UpdatesRoom(Acting acting, RoomEdit edit);
enum class Archiving : std::uint8_t { kArchive, kUnarchive };
RoomWrite<Room> ArchivesRoom(Acting acting, Archiving archiving);
RoomWrite<Room> DeletesRoom(Acting acting);

RoomWrite<std::vector<Member>> AddsMembers(Acting acting, std::vector<std::string> users);
RoomWrite<RoomView> JoinsRoom(std::string user);
// Also leaving: acting.user == user. Their subscriptions to a private room have ended when it completes.
RoomWrite<std::optional<Member>> RemovesMember(Acting acting, std::string user);
RoomWrite<Member> SetsRole(Acting acting, std::string user, Role role);

// A new room is told to those who are in it, and to everybody if it is public.
void TellOfNewRoom(Courier& courier, const net::Loop& loop, const RoomView& view, const std::string& user);
void TellEverybodyOfNewRoom(Courier& courier, const net::Loop& loop, const Room& room);

}  // namespace tidemill::chat
