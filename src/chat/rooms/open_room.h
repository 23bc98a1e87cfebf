// OpenRoom: what its owner loop keeps of a room that is in use. Loop thread only.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "chat/delivery/online.h"
#include "chat/store/message.h"
#include "chat/store/message_store.h"
#include "chat/store/refusal.h"
#include "chat/store/room.h"
#include "net/reply.h"
#include "net/task.h"

namespace tidemill::chat {

struct OpenRoom;

// A write of a room, or what must not come between two of them.
using RoomJob = std::function<Task<void>(OpenRoom& room)>;

struct WaitingSend {
  Send send;
  net::Reply<Outcome<Sent>>::Sender sender;
};

struct OpenRoom {
  using Users = std::set<std::string, std::less<>>;
  // The longest that a subscription takes from its permission on.
  static constexpr Duration kArrival = Minutes(1);

  explicit OpenRoom(RoomId of) : id(of) {}
  OpenRoom(const OpenRoom&) = delete;
  OpenRoom& operator=(const OpenRoom&) = delete;

  std::size_t waiting() const { return sends.size() + jobs.size(); }
  // Whether forgetting it loses nothing.
  bool IsIdle(MonotonicTime now) const {
    return !works && flush_at == MonotonicTime{} && (visitors.empty() || HasNoVisitors(now));
  }
  // Whether nobody of `visitors` can be subscribed any more, nor on the way to it.
  bool HasNoVisitors(MonotonicTime now) const { return !is_followed && unfollowed_at + kArrival < now; }

  const RoomId id;
  // What waits to be written; one at a time is.
  std::deque<WaitingSend> sends;
  std::deque<RoomJob> jobs;
  bool works = false;

  std::optional<Room> room;      // as the last write left it; nullopt: none has been since it was opened
  std::optional<Users> members;  // nullopt: not loaded
  MonotonicTime members_at{};    // when they were
  // Those who may follow its channel without being members.
  Users visitors;
  bool is_followed = false;  // somebody is subscribed to its channel on this node
  MonotonicTime unfollowed_at{};

  // What is to be told at `flush_at`; 0: nothing.
  MonotonicTime flush_at{};
  MonotonicTime flushed_at{};
  bool has_activity = false;
  bool has_mention = false;  // of the whole room
  ByUser<Seq> receipts;
  std::map<MessageId, ThreadState> threads;

  ByUser<MonotonicTime> typed_at;
  MonotonicTime typing_second{};
  std::size_t typing_count = 0;  // in that second

  std::list<RoomId>::iterator used;  // its place among those that were used
};

}  // namespace tidemill::chat
