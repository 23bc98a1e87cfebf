// RoomStore: rooms and who is in them. Part of Store (store.h), whose contract holds here too.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "chat/store/change.h"
#include "chat/store/member.h"
#include "chat/store/refusal.h"
#include "chat/store/room.h"
#include "net/task.h"

namespace tidemill::chat {

struct NewRoom {
  RoomType type = RoomType::kChannel;  // or kBroadcast
  bool is_private = false;
  std::string name;  // 1 to 80 characters; unique among channels, in any case of ASCII letters
  std::string topic;
  std::string created_by;             // becomes its owner
  std::vector<std::string> user_ids;  // other members from the start, at most 100
  RoomSettings settings;
};

struct OpenedDirect {
  RoomView view;  // of who opens it
  bool is_new = false;
};

// nullopt: stays as it is. Each field as in RoomSettings.
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
struct RoomPatch {
  std::optional<std::string> name;
  std::optional<std::string> topic;
  std::optional<bool> is_private;
  SettingsPatch settings;
};

struct RoomPage {
  std::vector<RoomView> rooms;  // by name
  std::string cursor;
};
struct RoomQuery {
  std::string user;       // who asks: public rooms, and those they are in
  std::string text;       // a piece of the name, in any case
  bool only_own = false;  // no public rooms that they are not in
  std::string cursor;
  std::size_t limit = 50;  // at most 200
};

struct MemberPage {
  std::vector<Member> members;  // by user id
  std::string cursor;
};
struct MemberQuery {
  RoomId room;
  std::string cursor;
  std::size_t limit = 100;  // at most 1,000
};

class RoomStore {
 public:
  virtual ~RoomStore() = default;

  // kConflict: the name is taken. Members begin with nothing unread. No changes: nobody follows it yet.
  virtual Task<Outcome<Room>> Create(NewRoom room) = 0;
  // The room of exactly these people, made if there is none: two are direct, three to ten a group. All are
  // members, `user` is one of them.
  virtual Task<Outcome<OpenedDirect>> OpenDirect(std::string user, std::vector<std::string> user_ids) = 0;

  // nullopt: no such room. The membership and the ban are `user`'s; may be asked with "".
  virtual Task<Outcome<std::optional<RoomView>>> Find(RoomId room, std::string user) = 0;
  // Channels by name, in any case of ASCII letters; those that `user` may see.
  virtual Task<Outcome<std::vector<RoomView>>> FindByName(std::vector<std::string> names,
                                                          std::string user) = 0;
  // Channels only, not the archived ones, nor those that the user is banned from. The cursor holds the name
  // of the page's last room.
  virtual Task<Outcome<RoomPage>> Browse(RoomQuery query) = 0;
  // All rooms that `user` is in, with membership: at most `limit` (5,000). The sidebar, by one statement.
  virtual Task<Outcome<std::vector<RoomView>>> ListOf(std::string user, std::size_t limit) = 0;

  // room.updated. kConflict: the name is taken. kInvalid: a direct room has no name; in a broadcast room not
  // everybody posts.
  virtual Task<Outcome<Changed<Room>>> Update(Acting acting, RoomId room, RoomPatch patch) = 0;
  // room.archived, room.unarchived.
  virtual Task<Outcome<Changed<Room>>> Archive(Acting acting, RoomId room) = 0;
  virtual Task<Outcome<Changed<Room>>> Unarchive(Acting acting, RoomId room) = 0;
  // It is gone at once for everybody, and its name is free; RetentionStore takes its rows away. Gives the
  // room as it was; room.deleted, the last of its changes, is the caller's to publish.
  virtual Task<Outcome<Room>> Delete(Acting acting, RoomId room) = 0;

  virtual Task<Outcome<MemberPage>> ListMembers(MemberQuery query) = 0;
  // Ids of all members in order, behind `after`: for who keeps them in memory. At most 10,000.
  virtual Task<Outcome<std::vector<std::string>>> ListMemberIds(RoomId room, std::string after,
                                                                std::size_t limit) = 0;
  virtual Task<Outcome<std::optional<Member>>> FindMember(RoomId room, std::string user) = 0;

  // member.added for each that was not there. At most 100. kBanned: one of them is; none is added then.
  // kInvalid: a direct room has the members that it has. kNotFound: a user that chat has never seen.
  virtual Task<Outcome<Changed<std::vector<Member>>>> AddMembers(Acting acting, RoomId room,
                                                                 std::vector<std::string> users,
                                                                 Role role = Role::kMember) = 0;
  // For oneself: public rooms only (kNotFound otherwise), unless one is there already. member.added
  virtual Task<Outcome<Changed<RoomView>>> Join(RoomId room, std::string user) = 0;
  // Here and in SetRole: owners act on anybody, moderators on those below them (kForbidden); the last owner
  // stays one (kConflict), unless acting.by_workspace_role.
  // member.removed; no changes if they were not there. Also leaving, with acting.user == user, for which
  // no role is needed. Gives the member as it was.
  virtual Task<Outcome<Changed<std::optional<Member>>>> RemoveMember(Acting acting, RoomId room,
                                                                     std::string user) = 0;
  // member.updated. A moderator makes nobody more than a member.
  virtual Task<Outcome<Changed<Member>>> SetRole(Acting acting, RoomId room, std::string user, Role role) = 0;
};

}  // namespace tidemill::chat
