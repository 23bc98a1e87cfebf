// Rooms: the rooms of a node: each has one owner loop, by its id, where all that is written to it comes
// together.
//
// RoomsOfLoop is what one loop has; Rooms the way there from any loop, which it names itself by `asker`.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/delivery/courier.h"
#include "chat/delivery/online.h"
#include "chat/rooms/audience.h"
#include "chat/rooms/followers.h"
#include "chat/rooms/metrics.h"
#include "chat/rooms/open_rooms.h"
#include "chat/rooms/reconciler.h"
#include "chat/rooms/settings.h"
#include "chat/rooms/writer.h"
#include "chat/store/store.h"
#include "net/loop.h"
#include "net/reply.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "realtime/control/directory.h"

namespace tidemill::chat {

// Loop thread only.
class RoomsOfLoop {
 public:
  struct Surroundings {
    net::Loop& loop;
    Store& store;
    Courier& courier;
    const OnlineUsers& online;
    control::Directory& directory;
    RoomMetrics& metrics;
    const ChatSettings& settings;
    bool has_other_nodes = false;
  };
  // All that is borrowed outlives it.
  explicit RoomsOfLoop(const Surroundings& surroundings);

  net::Loop& loop() { return at_.loop; }
  Store& store() { return at_.store; }
  Courier& courier() { return at_.courier; }
  const OnlineUsers& online() const { return at_.online; }
  const ChatSettings& settings() const { return at_.settings; }
  OpenRooms& open() { return rooms_; }
  Followers& followers() { return followers_; }
  Audience& audience() { return audience_; }
  Writer& writer() { return writer_; }
  bool has_other_nodes() const { return at_.has_other_nodes; }

  // Within a write: somebody is in the room from now on, or no more; and then whether they may still follow
  // it. Whoever may not does not when it completes.
  void AddMember(OpenRoom& room, const std::string& user);
  enum class Follows : std::uint8_t { kNoMore, kAsVisitor };
  Task<void> RemoveMember(OpenRoom& room, std::string user, Follows follows);
  // Somebody has read up to there.
  void NoteRead(RoomId room, std::string user, Seq seq);

 private:
  static Task<void> NoteReadIn(RoomsOfLoop& self, OpenRoom& room, std::string user, Seq seq);

  const Surroundings at_;
  OpenRooms rooms_;
  Followers followers_;
  Audience audience_;
  Reconciler reconciler_;
  Writer writer_;
};

// A write of a room, on its owner loop, within the room's line of writes. A function, or a lambda that is no
// coroutine and calls one with what it has.
template <class T>
using RoomWrite = std::function<Task<Outcome<T>>(RoomsOfLoop& rooms, OpenRoom& room)>;

// Immutable once all loops are there; any loop's thread.
class Rooms {
 public:
  void Add(RoomsOfLoop& rooms) { loops_.push_back(&rooms); }

  RoomsOfLoop& OwnerOf(RoomId room) const {
    const auto mixed = static_cast<std::uint64_t>(room.value()) * 0x9e3779b97f4a7c15;
    return *loops_[(mixed >> 32) % loops_.size()];
  }

  Task<Outcome<Sent>> Send(net::Loop& asker, RoomId room, chat::Send send) const;

  template <class T>
  Task<Outcome<T>> Write(net::Loop& asker, RoomId room, RoomWrite<T> write) const {
    net::Reply<Outcome<T>> reply(asker);
    RoomsOfLoop& owner = OwnerOf(room);
    RunOn(owner, [&owner, room, write = std::move(write), sender = reply.sender()] {
      const bool taken = owner.writer().Put(
          room, [&owner, write, sender](OpenRoom& open) { return Run<T>(owner, open, write, sender); });
      if (!taken) sender.Send(std::unexpected(QueueFull()));
    });
    co_return co_await reply;
  }

  // At once on the loop that runs now, or in line with what was posted to the other one.
  template <class F>
  static void RunOn(RoomsOfLoop& owner, F function) {
    if (owner.loop().IsCurrent()) return function();
    owner.loop().Post(std::move(function));
  }

 private:
  template <class T>
  static Task<void> Run(RoomsOfLoop& owner, OpenRoom& open, RoomWrite<T> write,
                        typename net::Reply<Outcome<T>>::Sender sender) {
    Outcome<T> outcome = co_await write(owner, open);
    if (!outcome && outcome.error().may_have_happened) owner.writer().Doubt(open);
    sender.Send(std::move(outcome));
  }

  std::vector<RoomsOfLoop*> loops_;
};

}  // namespace tidemill::chat
