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
  explicit OpenRoom(RoomId of) : id(of) {}
  OpenRoom(const OpenRoom&) = delete;
  OpenRoom& operator=(const OpenRoom&) = delete;

  std::size_t waiting() const { return sends.size() + jobs.size(); }
  // Whether forgetting it loses nothing.
  bool IsIdle() const { return !works && flush_at == MonotonicTime{} && !doubtful_since; }
  // What is known of the room is read anew.
  void Forget() {
    room.reset();
    members.reset();
  }

  const RoomId id;
  // What waits to be written; one at a time is.
  std::deque<WaitingSend> sends;
  std::deque<RoomJob> jobs;
  bool works = false;

  std::optional<Room> room;      // as the last write left it; nullopt: none has been since it was opened
  std::optional<Users> members;  // nullopt: not loaded
  MonotonicTime members_at{};    // when they were
  Version published = 0;         // the last that this node has; 0: none since it was opened
  // When a write began of which it is not known whether it has happened.
  std::optional<WallTime> doubtful_since;
  WallTime write_began;  // the last one

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
