// Followers: who is subscribed to the channels of a loop's rooms on this node, and who of them visits:
// follows a public room without being in it. When a room is no longer for them, their subscriptions end.
//
// Who is let in is noted before they subscribe (Admit), and is forgotten when their last subscription ends;
// or kArrival later, if none has begun. At most kVisitorsMax visit a room. Members take no place of it.
//
// One per loop, loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "chat/delivery/online.h"
#include "chat/rooms/metrics.h"
#include "chat/rooms/open_room.h"
#include "chat/store/store.h"
#include "net/loop.h"
#include "net/task.h"
#include "realtime/control/directory.h"

namespace tidemill::chat {

class Followers {
 public:
  // The longest that a subscription takes from its permission on.
  static constexpr Duration kArrival = Minutes(1);
  static constexpr std::size_t kVisitorsMax = 10'000;  // of a room

  struct Surroundings {
    net::Loop& loop;
    Store& store;
    control::Directory& directory;
    RoomMetrics& metrics;
    std::size_t visitors_max = kVisitorsMax;
  };
  // All that is borrowed outlives it.
  explicit Followers(const Surroundings& surroundings) : at_(surroundings) {}

  // From now on somebody who is not in the room may subscribe. False: visitors_max do already.
  bool Admit(RoomId room, const std::string& user);
  // One of their subscriptions to one of the room's channels has begun, or has ended.
  void Joined(RoomId room, const std::string& user);
  void Left(RoomId room, const std::string& user);
  // They visit no more: they are a member.
  void BecomeMember(RoomId room, const std::string& user);

  // Ends the user's subscriptions to the room's channels, on all nodes, before it completes.
  Task<void> End(RoomId room, std::string user);
  // The same of all who are not in the room; within its line of writes.
  Task<void> EndVisits(OpenRoom& room);

  // For tests: rooms that anybody follows, and those who visit one.
  std::size_t rooms() const { return rooms_.size(); }
  std::size_t visitors(RoomId room) const;

 private:
  struct Follower {
    std::uint32_t subscriptions = 0;
    std::uint32_t arriving = 0;  // were let in, until arrives_until at the latest
    MonotonicTime arrives_until{};
    bool visits = false;
  };
  struct OfRoom {
    ByUser<Follower> users;
    std::size_t visitors = 0;
  };
  using Rooms = std::unordered_map<RoomId, OfRoom>;
  struct Arrival {
    MonotonicTime until{};
    RoomId room;
    std::string user;
  };

  static bool HasGone(const Follower& follower, MonotonicTime now) {
    return follower.subscriptions == 0 && (follower.arriving == 0 || follower.arrives_until < now);
  }
  // Those who were let in and have not come.
  void ForgetLate(MonotonicTime now);
  void ForgetIfGone(RoomId room, const std::string& user, MonotonicTime now);
  Task<bool> IsMember(const OpenRoom& room, std::string user);

  const Surroundings at_;
  Rooms rooms_;
  std::deque<Arrival> arrivals_;  // the earliest first
};

}  // namespace tidemill::chat
