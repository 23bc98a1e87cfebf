// RetentionStore: takes away what need not be kept, a piece at a time, and gives out what is there as a
// whole. Part of Store (store.h), whose contract holds here too.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.h"
#include "chat/store/ids.h"
#include "chat/store/message.h"
#include "chat/store/refusal.h"
#include "net/task.h"

namespace tidemill::chat {

struct Swept {
  std::size_t rows = 0;
  bool has_more = false;  // ask again soon
};

class RetentionStore {
 public:
  static constexpr std::size_t kRowsMax = 500;  // of a table, taken away in one transaction
  // The audit, flags that are resolved, reminders that were told.
  static constexpr Duration kRecordsKept = Hours(24 * 365);

  virtual ~RetentionStore() = default;

  // Messages that are older than their room's retention_days, with all that belongs to them; the rows of
  // deleted rooms; changes that are older than `changes_max_age`; what is older than kRecordsKept. One short
  // transaction, of one room; it goes on where it was the last time. has_more is false when it has come
  // around.
  virtual Task<Outcome<Swept>> Sweep(WallTime now, Duration changes_max_age) = 0;

  // All messages of a room behind `after`, replies and tombstones too, ascending: at most `limit` (200).
  virtual Task<Outcome<std::vector<Message>>> Export(RoomId room, Seq after, std::size_t limit) = 0;
};

}  // namespace tidemill::chat
