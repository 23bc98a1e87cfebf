// ModerationStore: mutes, bans, flags, and who did what. Part of Store (store.h), whose contract holds here
// too.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "chat/store/change.h"
#include "chat/store/member.h"
#include "chat/store/message.h"
#include "chat/store/refusal.h"
#include "net/task.h"

namespace tidemill::chat {

struct Ban {
  RoomId room_id;
  std::string user_id;
  std::optional<WallTime> until;  // nullopt: for ever
  std::string reason;
  std::string banned_by;
  WallTime created_at;
};

struct Flag {
  FlagId id;
  RoomId room_id;
  MessageId message_id;
  std::string user_id;  // who has flagged it
  std::string reason;
  WallTime created_at;
  std::string resolved_by;  // "": it is open
  std::string author;       // whose message it is; "": the message is gone
};

struct AuditEntry {
  AuditId id;
  WallTime at;
  RoomId room_id;
  std::string actor;
  std::string action;  // "message.deleted"
  std::string target;  // a user, a message; "": the room
  std::string detail;  // a JSON object; "": none
};

struct AddedFlag {
  Flag flag;
  bool is_new = true;  // false: they had flagged it before
};

// A flag with what it is about, as that is now.
struct FlaggedMessage {
  Flag flag;
  Message message;
};

template <class T>
struct PageOf {
  std::vector<T> items;
  std::string cursor;
};

// Of the rooms that `user` moderates: where they are a moderator or an owner, and, with `by_workspace_role`,
// all channels that are public or that they are in.
struct ModerationQuery {
  std::string user;
  bool by_workspace_role = false;
  RoomId room;  // 0: of all of them
  std::string cursor;
  std::size_t limit = 50;  // at most 100
};

class ModerationStore {
 public:
  static constexpr std::size_t kReasonBytesMax = 1'000;
  static constexpr std::size_t kBansMax = 10'000;      // of a room, that last
  static constexpr std::size_t kOpenFlagsMax = 1'000;  // likewise
  static constexpr std::size_t kModeratorsMax = 100;   // that are told of something
  // Of the newest so many flags, or entries of the audit, admins of the workspace are given theirs in one
  // page.
  static constexpr std::size_t kLookedAt = 10'000;

  virtual ~ModerationStore() = default;

  // What is done to others is in the audit. Nobody does it to themselves (kInvalid). Nobody mutes or bans
  // admins and owners of the workspace; moderators reach over those below them, owners over all (kForbidden).

  // member.updated. nullopt: until they are unmuted.
  virtual Task<Outcome<Changed<Member>>> Mute(Acting acting, RoomId room, std::string user,
                                              std::optional<WallTime> until) = 0;
  virtual Task<Outcome<Changed<Member>>> Unmute(Acting acting, RoomId room, std::string user) = 0;
  // Removes them too: member.removed if they were there. Another one takes the place of one that is there.
  // kNotFound: a user that chat has never seen. kTooMany.
  virtual Task<Outcome<Changed<std::optional<Member>>>> AddBan(Acting acting, Ban ban) = 0;
  virtual Task<Outcome<>> RemoveBan(Acting acting, RoomId room, std::string user) = 0;
  // By user; at most `limit` (200). Those that have ended are among them until they are swept.
  virtual Task<Outcome<PageOf<Ban>>> ListBans(RoomId room, std::string cursor, std::size_t limit) = 0;
  // Moderators and owners who are in the room, at most kModeratorsMax.
  virtual Task<Outcome<std::vector<std::string>>> ListModerators(RoomId room) = 0;

  // Once for each user and message: the first stays. kTooMany: kOpenFlagsMax are open in the room.
  virtual Task<Outcome<AddedFlag>> AddFlag(Acting acting, MessageId message, std::string reason) = 0;
  // The newest first, without those of the user's own messages.
  virtual Task<Outcome<PageOf<FlaggedMessage>>> ListOpenFlags(ModerationQuery query) = 0;
  virtual Task<Outcome<std::optional<Flag>>> FindFlag(FlagId flag) = 0;
  // kNotFound: it is open no more, or of the actor's own message.
  virtual Task<Outcome<>> ResolveFlag(Acting acting, FlagId flag) = 0;

  // The newest first.
  virtual Task<Outcome<PageOf<AuditEntry>>> ListAudit(ModerationQuery query) = 0;
};

}  // namespace tidemill::chat
