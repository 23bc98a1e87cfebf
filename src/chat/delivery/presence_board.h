// PresenceBoard: who is connected to this node, by the subscriptions to their personal channels, and what
// they have chosen to be seen as.
//
// Each change is told to all loops (OnlineUsers), and to everybody by one event a second at most, of
// kChangesPerEvent users at most: what has changed again meanwhile is told once, and what has changed back
// not at all. Who loses their connection is offline a moment later, so that a page that is loaded anew is not
// seen to go. For kLinger more, as long as their channel's history lasts, they are still published to; then
// one event "resync" says that something may be missing from there on.
//
// Loop thread only: the node's first.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "chat/delivery/courier.h"
#include "chat/delivery/online.h"
#include "chat/store/user.h"
#include "net/loop.h"
#include "net/timer_wheel.h"

namespace tidemill::chat {

class PresenceBoard final : net::Timer {
 public:
  static constexpr Duration kInterval = Seconds(1);
  static constexpr Duration kGrace = Seconds(5);
  static constexpr Duration kLinger = Minutes(10);
  static constexpr std::size_t kChangesPerEvent = 200;
  static constexpr std::size_t kUsersPerEvent = 50;
  // Known at once; whoever comes then is not seen to come.
  static constexpr std::size_t kUsersMax = 200'000;

  // `tell`: to all loops; Shown of somebody, or that they are forgotten.
  struct Replicas {
    std::function<void(const std::string& user, Shown shown)> set;
    std::function<void(const std::string& user)> forget;
  };
  // `courier`, of that loop, outlives it.
  PresenceBoard(net::Loop& loop, Courier& courier, Replicas replicas);

  void OnOccupied(const std::string& user);
  void OnVacated(const std::string& user);
  // What somebody wants to be seen as: from the store when they come, or because they say so.
  void Choose(const std::string& user, Presence chosen);
  // A person's name, role or status is another: everybody is told, some at a time.
  void Announce(User user);

  std::size_t users() const { return users_.size(); }
  std::size_t connected() const { return connected_; }

 private:
  struct Entry {
    Presence chosen = Presence::kOnline;
    bool is_connected = false;
    bool is_present = false;  // connected, or within the grace
    bool was_there = false;   // ever
    bool is_waiting = false;  // in changes_
    Shown told;               // in the last event about them
    MonotonicTime left_at{};
  };
  using Queue = std::deque<std::pair<MonotonicTime, std::string>>;

  void OnTimer() override;
  void Schedule();
  void Note(const std::string& user, Entry& entry);
  Entry* EntryOf(const std::string& user);
  static Shown ShownOf(const Entry& entry);
  void EndGraces(MonotonicTime now);
  void EndLingers(MonotonicTime now);
  bool TellChanges();
  bool TellUsers();

  net::Loop& loop_;
  Courier& courier_;
  const Replicas replicas_;
  ByUser<Entry> users_;
  std::size_t connected_ = 0;
  Queue leaving_;                    // within their grace
  Queue lingering_;                  // and behind it
  std::deque<std::string> changes_;  // whom something is to be told of, each once
  ByUser<User> announced_;           // likewise, as they are now
  MonotonicTime told_at_{};
};

}  // namespace tidemill::chat
