#include "chat/operations/room_changes.h"

#include <utility>

#include "chat/delivery/channels.h"
#include "chat/delivery/event.h"
#include "chat/operations/answers.h"

namespace tidemill::chat {
namespace {

// In the room's channel and, for those who do not look at it, in theirs.
void Tell(RoomsOfLoop& rooms, OpenRoom& open, const std::vector<Change>& changes) {
  rooms.writer().Publish(open, changes);
  for (const Change& each : changes) rooms.audience().TellMembers(open, AsPersonal(each));
}

Task<Outcome<Room>> Update(RoomsOfLoop& rooms, OpenRoom& open, Acting acting, RoomPatch patch) {
  TM_CO_TRY(co_await rooms.writer().Load(open));
  if (patch.is_private == true && !open.room->is_private && rooms.has_other_nodes()) {
    co_return Refuse(
        Code::kConflict,
        "where several nodes share one Redis a public room cannot become private: who follows it on "
        "other nodes is not known here",
        "private");
  }
  auto changed = co_await rooms.store().rooms().Update(acting, open.id, patch);
  if (!changed) co_return std::unexpected(changed.error());
  const bool was_public = !open.room->is_private;
  open.room = changed->value;
  if (was_public && open.room->is_private) co_await rooms.followers().EndVisits(open);
  Tell(rooms, open, changed->changes);
  co_return changed->value;
}

Task<Outcome<Room>> Archive(RoomsOfLoop& rooms, OpenRoom& open, Acting acting, Archiving archiving) {
  TM_CO_TRY(co_await rooms.writer().Load(open));
  RoomStore& store = rooms.store().rooms();
  auto changed = archiving == Archiving::kArchive ? co_await store.Archive(acting, open.id)
                                                  : co_await store.Unarchive(acting, open.id);
  if (!changed) co_return std::unexpected(changed.error());
  open.room = changed->value;
  Tell(rooms, open, changed->changes);
  co_return changed->value;
}

// Nobody may subscribe any more; what the channel has kept is forgotten.
Task<Outcome<Room>> Delete(RoomsOfLoop& rooms, OpenRoom& open, Acting acting) {
  TM_CO_TRY(co_await rooms.writer().Load(open));
  auto deleted = co_await rooms.store().rooms().Delete(acting, open.id);
  if (!deleted) co_return std::unexpected(deleted.error());
  open.room = *deleted;
  Tell(rooms, open, {RoomDeleted(rooms.loop(), open.id, deleted->version + 1)});
  rooms.courier().ForgetHistory(RoomChannel(open.id));
  open.room.reset();
  co_return *std::move(deleted);
}

// What is theirs alone begins with the room as it is.
RoomView ViewOfNew(const Room& room, Role role, WallTime joined_at) {
  Membership membership;
  membership.role = role;
  membership.read_seq = room.last_seq;
  membership.joined_at = joined_at;
  return {.room = room, .membership = std::move(membership)};
}

void TellAdded(RoomsOfLoop& rooms, const Member& member, const Room& room) {
  const std::string data = ObjectJson([&](JsonWriter& json) {
    json.Key("member");
    Write(json, member);
    json.Key("room");
    Write(json, ViewOfNew(room, member.role, member.joined_at));
  });
  rooms.courier().PublishTo(member.user.id, EventNow(rooms.loop(), "member.added", room.id, data));
}

Task<Outcome<std::vector<Member>>> Add(RoomsOfLoop& rooms, OpenRoom& open, Acting acting,
                                       std::vector<std::string> users) {
  auto added = co_await rooms.store().rooms().AddMembers(acting, open.id, std::move(users));
  if (!added) co_return std::unexpected(added.error());
  if (added->changes.empty()) co_return std::move(added->value);
  for (const Member& each : added->value) rooms.AddMember(open, each.user.id);
  rooms.writer().Publish(open, added->changes);
  if (co_await rooms.writer().Refresh(open)) {
    for (const Member& each : added->value) TellAdded(rooms, each, *open.room);
  }
  co_return std::move(added->value);
}

Task<Outcome<RoomView>> Join(RoomsOfLoop& rooms, OpenRoom& open, std::string user) {
  auto joined = co_await rooms.store().rooms().Join(open.id, user);
  if (!joined) co_return std::unexpected(joined.error());
  open.room = joined->value.room;
  rooms.AddMember(open, user);
  rooms.writer().Publish(open, joined->changes);
  if (!joined->changes.empty()) TellOfNewRoom(rooms.courier(), rooms.loop(), joined->value, user);
  co_return std::move(joined->value);
}

// Before the next event of the room they do not follow it any more, if they may not.
Task<Outcome<std::optional<Member>>> Remove(RoomsOfLoop& rooms, OpenRoom& open, Acting acting,
                                            std::string user) {
  auto removed = co_await rooms.store().rooms().RemoveMember(acting, open.id, user);
  if (!removed) co_return std::unexpected(removed.error());
  if (removed->changes.empty()) co_return std::move(removed->value);
  const auto refreshed = co_await rooms.writer().Refresh(open);
  // Guests see only the rooms that they are in.
  const bool is_guest = removed->value && removed->value->user.role == WorkspaceRole::kGuest;
  const bool may_visit = refreshed && !open.room->is_private && !is_guest;
  using Follows = RoomsOfLoop::Follows;
  co_await rooms.RemoveMember(open, user, may_visit ? Follows::kAsVisitor : Follows::kNoMore);
  rooms.writer().Publish(open, removed->changes);
  const std::string data = ObjectJson([&](JsonWriter& json) { json.Member("room_id", ToText(open.id)); });
  rooms.courier().PublishTo(user, EventNow(rooms.loop(), "member.removed", open.id, data));
  co_return std::move(removed->value);
}

// In the room's channel, and to the member.
Outcome<Member> TellMember(RoomsOfLoop& rooms, OpenRoom& open, Outcome<Changed<Member>> changed) {
  if (!changed) return std::unexpected(changed.error());
  rooms.writer().Publish(open, changed->changes);
  for (const Change& each : changed->changes) {
    rooms.courier().PublishTo(changed->value.user.id, AsPersonal(each));
  }
  return std::move(changed->value);
}

Task<Outcome<Member>> SetRoleOf(RoomsOfLoop& rooms, OpenRoom& open, Acting acting, std::string user,
                                Role role) {
  co_return TellMember(rooms, open, co_await rooms.store().rooms().SetRole(acting, open.id, user, role));
}

Task<Outcome<Member>> SetMuted(RoomsOfLoop& rooms, OpenRoom& open, Acting acting, std::string user,
                               WallTime until) {
  ModerationStore& store = rooms.store().moderation();
  if (until.ms == 0) co_return TellMember(rooms, open, co_await store.Unmute(acting, open.id, user));
  co_return TellMember(rooms, open, co_await store.Mute(acting, open.id, user, until));
}

void TellBanned(RoomsOfLoop& rooms, const Ban& ban) {
  const std::string data = ObjectJson([&](JsonWriter& json) {
    json.Member("room_id", ToText(ban.room_id));
    json.Key("ban");
    json.BeginObject();
    json.Key("until");
    ban.until ? json.Integer(ban.until->ms) : json.Null();
    json.Member("reason", ban.reason);
    json.EndObject();
  });
  rooms.courier().PublishTo(ban.user_id, EventNow(rooms.loop(), "member.removed", ban.room_id, data));
}

// Whoever only visits the room leaves it, too.
Task<Outcome<std::optional<Member>>> AddBanTo(RoomsOfLoop& rooms, OpenRoom& open, Acting acting, Ban ban) {
  auto banned = co_await rooms.store().moderation().AddBan(acting, ban);
  if (!banned) co_return std::unexpected(banned.error());
  co_await rooms.RemoveMember(open, ban.user_id, RoomsOfLoop::Follows::kNoMore);
  if (!banned->changes.empty()) (void)co_await rooms.writer().Refresh(open);
  rooms.writer().Publish(open, banned->changes);
  TellBanned(rooms, ban);
  co_return std::move(banned->value);
}

}  // namespace

RoomWrite<Room> UpdatesRoom(Acting acting, RoomPatch patch) {
  return [acting = std::move(acting), patch = std::move(patch)](RoomsOfLoop& rooms, OpenRoom& open) {
    return Update(rooms, open, acting, patch);
  };
}

RoomWrite<Room> ArchivesRoom(Acting acting, Archiving archiving) {
  return [acting = std::move(acting), archiving](RoomsOfLoop& rooms, OpenRoom& open) {
    return Archive(rooms, open, acting, archiving);
  };
}

RoomWrite<Room> DeletesRoom(Acting acting) {
  return [acting = std::move(acting)](RoomsOfLoop& rooms, OpenRoom& open) {
    return Delete(rooms, open, acting);
  };
}

RoomWrite<std::vector<Member>> AddsMembers(Acting acting, std::vector<std::string> users) {
  return [acting = std::move(acting), users = std::move(users)](RoomsOfLoop& rooms, OpenRoom& open) {
    return Add(rooms, open, acting, users);
  };
}

RoomWrite<RoomView> JoinsRoom(std::string user) {
  return [user = std::move(user)](RoomsOfLoop& rooms, OpenRoom& open) { return Join(rooms, open, user); };
}

RoomWrite<std::optional<Member>> RemovesMember(Acting acting, std::string user) {
  return [acting = std::move(acting), user = std::move(user)](RoomsOfLoop& rooms, OpenRoom& open) {
    return Remove(rooms, open, acting, user);
  };
}

RoomWrite<Member> SetsRole(Acting acting, std::string user, Role role) {
  return [acting = std::move(acting), user = std::move(user), role](RoomsOfLoop& rooms, OpenRoom& open) {
    return SetRoleOf(rooms, open, acting, user, role);
  };
}

RoomWrite<Member> MutesMember(Acting acting, std::string user, WallTime until) {
  return [acting = std::move(acting), user = std::move(user), until](RoomsOfLoop& rooms, OpenRoom& open) {
    return SetMuted(rooms, open, acting, user, until);
  };
}

RoomWrite<std::optional<Member>> BansUser(Acting acting, Ban ban) {
  return [acting = std::move(acting), ban = std::move(ban)](RoomsOfLoop& rooms, OpenRoom& open) {
    return AddBanTo(rooms, open, acting, ban);
  };
}

void TellOfNewRoom(Courier& courier, const net::Loop& loop, const RoomView& view, const std::string& user) {
  const std::string data = ObjectJson([&](JsonWriter& json) {
    json.Key("room");
    Write(json, view);
  });
  courier.PublishTo(user, EventNow(loop, "room.created", view.room.id, data));
}

void TellEverybodyOfNewRoom(Courier& courier, const net::Loop& loop, const Room& room) {
  const std::string data = ObjectJson([&](JsonWriter& json) { json.Member("room_id", ToText(room.id)); });
  courier.Publish(std::string(kAllChannel), EventNow(loop, "room.created", room.id, data));
}

}  // namespace tidemill::chat
