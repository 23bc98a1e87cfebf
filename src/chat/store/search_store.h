// SearchStore: finding messages by words, in the rooms of who asks. Part of Store (store.h), whose contract
// holds here too.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "chat/store/ids.h"
#include "chat/store/message.h"
#include "chat/store/refusal.h"
#include "net/task.h"

namespace tidemill::chat {

struct MessageSearch {
  std::string user;                   // only in rooms that they are in
  std::vector<std::string> phrases;   // all must be there; several words stand side by side in the text
  std::vector<std::string> from;      // ids of users, any of them; empty: of anybody
  std::vector<RoomId> in;             // any of them; empty: anywhere
  std::optional<WallTime> before;     // created before that
  std::optional<WallTime> from_time;  // created then or later
  bool has_link = false;
  bool has_file = false;
  std::string cursor;
  std::size_t limit = 20;  // at most 100
};

struct SearchPage {
  std::vector<Message> messages;  // the newest first
  // Of the next page; "": there is none. A page may have fewer than asked for, even none, and a cursor: as
  // many messages were looked through as one call may.
  std::string cursor;
};

class SearchStore {
 public:
  static constexpr std::size_t kPhrasesMax = 16;

  virtual ~SearchStore() = default;

  // kInvalid: neither phrase nor filter, a cursor that is none, too many phrases.
  virtual Task<Outcome<SearchPage>> Find(MessageSearch search) = 0;
};

}  // namespace tidemill::chat
