// What changes a room, on its owner loop, within its line of writes: the store first, then all who must hear
// of it. For operations and commands alike. Loop thread only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chat/rooms/rooms.h"
#include "chat/store/member.h"
#include "chat/store/moderation_store.h"
#include "chat/store/room_store.h"
#include "net/task.h"

namespace tidemill::chat {

RoomWrite<Room> UpdatesRoom(Acting acting, RoomPatch patch);
enum class Archiving : std::uint8_t { kArchive, kUnarchive };
RoomWrite<Room> ArchivesRoom(Acting acting, Archiving archiving);
RoomWrite<Room> DeletesRoom(Acting acting);

RoomWrite<std::vector<Member>> AddsMembers(Acting acting, std::vector<std::string> users);
RoomWrite<RoomView> JoinsRoom(std::string user);
// Also leaving: acting.user == user. Their subscriptions to a private room have ended when it completes.
RoomWrite<std::optional<Member>> RemovesMember(Acting acting, std::string user);
RoomWrite<Member> SetsRole(Acting acting, std::string user, Role role);
// Until then; kForEver: until it is ended; 0: it is ended.
RoomWrite<Member> MutesMember(Acting acting, std::string user, WallTime until);
// Their subscriptions have ended when it completes. Gives the member that they were.
RoomWrite<std::optional<Member>> BansUser(Acting acting, Ban ban);

// A new room is told to those who are in it, and to everybody if it is public.
void TellOfNewRoom(Courier& courier, const net::Loop& loop, const RoomView& view, const std::string& user);
void TellEverybodyOfNewRoom(Courier& courier, const net::Loop& loop, const Room& room);

}  // namespace tidemill::chat
