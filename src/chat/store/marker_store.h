// MarkerStore: what a member has for themselves in a room: how far they have read, how loud it is, a star, a
// draft. No change of the room: nobody else sees it. Part of Store (store.h), whose contract holds here too.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "chat/store/member.h"
#include "chat/store/refusal.h"
#include "net/task.h"

namespace tidemill::chat {

struct Marked {
  Membership membership;
  bool has_changed = false;
  std::int64_t root_count = 0;  // root messages of the room when `membership` was counted
};

struct Receipt {
  std::string user_id;
  Seq read_seq = 0;
  friend bool operator==(const Receipt&, const Receipt&) = default;
};

// Each gives kNotFound where the user is no member.
class MarkerStore {
 public:
  static constexpr std::size_t kDraftBytesMax = 16 << 10;
  static constexpr std::size_t kReceiptMembersMax = 100;

  virtual ~MarkerStore() = default;

  // All up to `seq` is read; it only moves forward, and not behind the room's last message.
  virtual Task<Outcome<Marked>> MarkRead(RoomId room, std::string user, Seq seq) = 0;
  // `seq` and all behind it is unread.
  virtual Task<Outcome<Marked>> MarkUnread(RoomId room, std::string user, Seq seq) = 0;
  virtual Task<Outcome<Marked>> SetNotify(RoomId room, std::string user, Notify level) = 0;
  virtual Task<Outcome<Marked>> SetStarred(RoomId room, std::string user, bool is_starred) = 0;
  virtual Task<Outcome<Marked>> SetDraft(RoomId room, std::string user, std::string text) = 0;

  // kTooMany: the room has more than kReceiptMembersMax members.
  virtual Task<Outcome<std::vector<Receipt>>> ListReceipts(RoomId room) = 0;
};

}  // namespace tidemill::chat
