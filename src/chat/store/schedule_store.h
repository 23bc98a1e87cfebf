// ScheduleStore: messages that are sent later; who sends them at their time is not known here. Part of Store
// (store.h), whose contract holds here too.
//
// Whoever sends one claims it first: from then on its author neither changes nor cancels it. A claim outlives
// whoever made it; a message is sent under a client_msg_id of its own, so that two who claim it send it once.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "chat/store/ids.h"
#include "chat/store/refusal.h"
#include "net/task.h"

namespace tidemill::chat {

struct ScheduledMessage {
  ScheduledId id;  // given by the store
  RoomId room_id;
  std::string user_id;
  std::string text;
  WallTime at;
  WallTime created_at;  // given by the store
  MessageId thread_id;  // 0: not a reply
  std::string problem;  // why it was not sent at its time; "": it waits for it
  friend bool operator==(const ScheduledMessage&, const ScheduledMessage&) = default;
};

// nullopt: stays as it is.
struct ScheduledPatch {
  std::optional<std::string> text;
  std::optional<WallTime> at;
};

class ScheduleStore {
 public:
  static constexpr std::size_t kScheduledMax = 100;  // of a user
  static constexpr std::size_t kDueMax = 500;        // that are listed at once
  // After so long, whoever has claimed one is taken to be gone.
  static constexpr Duration kClaimedFor = Seconds(10);

  virtual ~ScheduleStore() = default;

  // kNotFound: the user is not in the room. kTooMany.
  virtual Task<Outcome<ScheduledMessage>> Add(ScheduledMessage message) = 0;
  // By their time.
  virtual Task<Outcome<std::vector<ScheduledMessage>>> ListOf(std::string user) = 0;
  // Due then, the earliest first; without those that have a problem, or that somebody has claimed.
  virtual Task<Outcome<std::vector<ScheduledId>>> ListDue(WallTime now, std::size_t limit) = 0;

  // Of that user's. It waits again, whatever its problem was. kNotFound; kConflict: it is being sent.
  virtual Task<Outcome<ScheduledMessage>> Update(ScheduledId id, std::string user, ScheduledPatch patch) = 0;
  // Takes it away. As Update.
  virtual Task<Outcome<>> Cancel(ScheduledId id, std::string user) = 0;

  // Gives it as it is now, for whoever sends it. nullopt: it is gone, is for later, has a problem, or
  // somebody else has claimed it.
  virtual Task<Outcome<std::optional<ScheduledMessage>>> Claim(ScheduledId id) = 0;
  // It was not sent, because of that problem. "": it is tried again then, if its time is not later.
  virtual Task<Outcome<>> Release(ScheduledId id, std::string problem, WallTime again) = 0;
  // It was sent. Whether it was still there.
  virtual Task<Outcome<bool>> Remove(ScheduledId id) = 0;
};

}  // namespace tidemill::chat
