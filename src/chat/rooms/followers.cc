#include "chat/rooms/followers.h"

#include <utility>

#include "base/log.h"
#include "chat/delivery/channels.h"

namespace tidemill::chat {
bool Followers::Admit(RoomId room, const std::string& user) {
  const MonotonicTime now = at_.loop.Now();
  ForgetLate(now);
  OfRoom& of = rooms_[room];
  const auto found = of.users.find(user);
  const bool is_new = found == of.users.end() || !found->second.visits;
  if (is_new && of.visitors >= at_.visitors_max) {
    at_.metrics.visitors_full.Add();
    return false;
  }
  Follower& follower = of.users[user];
  if (!std::exchange(follower.visits, true)) ++of.visitors;
  ++follower.arriving;
  follower.arrives_until = now + kArrival;
  arrivals_.push_back({.until = follower.arrives_until, .room = room, .user = user});
  return true;
}

void Followers::ForgetLate(MonotonicTime now) {
  while (!arrivals_.empty() && arrivals_.front().until < now) {
    const Arrival late = std::move(arrivals_.front());
    arrivals_.pop_front();
    ForgetIfGone(late.room, late.user, now);
    if (at_.loop.ShareSpent()) return;
  }
}

void Followers::ForgetIfGone(RoomId room, const std::string& user, MonotonicTime now) {
  const auto of = rooms_.find(room);
  if (of == rooms_.end()) return;
  const auto found = of->second.users.find(user);
  if (found == of->second.users.end() || !HasGone(found->second, now)) return;
  if (found->second.visits) --of->second.visitors;
  of->second.users.erase(found);
  if (of->second.users.empty()) rooms_.erase(of);
}

void Followers::Joined(RoomId room, const std::string& user) {
  Follower& follower = rooms_[room].users[user];
  ++follower.subscriptions;
  if (follower.arriving > 0) --follower.arriving;
}

void Followers::Left(RoomId room, const std::string& user) {
  const auto of = rooms_.find(room);
  if (of == rooms_.end()) return;
  const auto found = of->second.users.find(user);
  if (found == of->second.users.end() || found->second.subscriptions == 0) return;
  --found->second.subscriptions;
  ForgetIfGone(room, user, at_.loop.Now());
}

void Followers::BecomeMember(RoomId room, const std::string& user) {
  const auto of = rooms_.find(room);
  if (of == rooms_.end()) return;
  const auto found = of->second.users.find(user);
  if (found == of->second.users.end() || !std::exchange(found->second.visits, false)) return;
  --of->second.visitors;
}

Task<void> Followers::End(RoomId room, std::string user) {
  for (std::string channel : {RoomChannel(room), LiveRoomChannel(room)}) {
    const auto done =
        co_await at_.directory.Apply({.user = user}, control::Unsubscribe{.channel = std::move(channel)});
    // Other nodes go on trying; what they say of it is for the log.
    if (!done) log::Warn("chat.unsubscribe_failed", {{"room", ToText(room)}, {"why", done.error().detail}});
  }
}

Task<void> Followers::EndVisits(OpenRoom& room) {
  const auto of = rooms_.find(room.id);
  if (of == rooms_.end()) co_return;
  std::vector<std::string> users;
  users.reserve(of->second.users.size());
  for (const auto& each : of->second.users) users.push_back(each.first);
  for (std::string& user : users) {
    if (!co_await IsMember(room, user)) co_await End(room.id, std::move(user));
  }
}

// Who cannot be looked up does not stay.
Task<bool> Followers::IsMember(const OpenRoom& room, std::string user) {
  if (room.members) co_return room.members->contains(user);
  const auto found = co_await at_.store.rooms().FindMember(room.id, std::move(user));
  co_return found && found->has_value();
}

std::size_t Followers::visitors(RoomId room) const {
  const auto found = rooms_.find(room);
  return found == rooms_.end() ? 0 : found->second.visitors;
}

}  // namespace tidemill::chat
