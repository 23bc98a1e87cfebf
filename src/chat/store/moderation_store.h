// ModerationStore: mutes, bans, flags, and who did what. Part of Store (store.h), whose contract holds here
// too.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "chat/store/change.h"
#include "chat/store/member.h"
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
};

struct AuditEntry {
  std::int64_t id = 0;  // given by the store
  WallTime at;          // likewise
  RoomId room_id;       // 0: of no room
  std::string actor;
  std::string action;  // "message.deleted"
  std::string target;
  std::string detail;  // a JSON object; "": none
};

template <class T>
struct PageOf {
  std::vector<T> items;  // the newest first
  std::string cursor;
};

class ModerationStore {
 public:
  static constexpr std::size_t kReasonBytesMax = 1'000;

  virtual ~ModerationStore() = default;

  // member.updated. nullopt: until they are unmuted. kForbidden: the member stands as high or above.
  virtual Task<Outcome<Changed<Member>>> Mute(Acting acting, RoomId room, std::string user,
                                              std::optional<WallTime> until) = 0;
  virtual Task<Outcome<Changed<Member>>> Unmute(Acting acting, RoomId room, std::string user) = 0;
  // Removes them too: member.removed if they were there. kForbidden as with Mute.
  virtual Task<Outcome<Changed<std::optional<Member>>>> AddBan(Acting acting, Ban ban) = 0;
  virtual Task<Outcome<>> RemoveBan(Acting acting, RoomId room, std::string user) = 0;
  virtual Task<Outcome<std::vector<Ban>>> ListBans(RoomId room, std::size_t limit) = 0;

  // Once for each user and message: the first stays.
  virtual Task<Outcome<Flag>> AddFlag(Acting acting, MessageId message, std::string reason) = 0;
  virtual Task<Outcome<PageOf<Flag>>> ListOpenFlags(std::string cursor, std::size_t limit) = 0;
  virtual Task<Outcome<>> ResolveFlag(FlagId flag, std::string by) = 0;

  virtual Task<Outcome<>> AddAudit(AuditEntry entry) = 0;
  virtual Task<Outcome<PageOf<AuditEntry>>> ListAudit(std::string cursor, std::size_t limit) = 0;
};

}  // namespace tidemill::chat
