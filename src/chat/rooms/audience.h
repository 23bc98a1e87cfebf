// Audience: who is told of what happens in the rooms of a loop, beside those who follow a room's channel.
//
// Members who may not look at the room get room.activity in their own channel: at once where they are
// mentioned, and in direct rooms; otherwise once in an interval, with the latest state. It is sent only to
// those who are connected or were a moment ago (OnlineUsers). Markers of small rooms and threads that go on
// are told once in an interval, too; signs of typing at once, if there are not too many.
//
// Rooms of more than kMembersMax members have no activity but mentions. Where other nodes write to the rooms,
// members are read anew when they are kMembersAge old; a node that is alone changes what it has with each
// write.
//
// One per loop, loop thread only.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "chat/delivery/courier.h"
#include "chat/delivery/online.h"
#include "chat/rooms/open_rooms.h"
#include "chat/rooms/settings.h"
#include "chat/store/store.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "net/timer_wheel.h"

namespace tidemill::chat {

class Audience final : net::Timer {
 public:
  static constexpr std::size_t kMembersMax = 20'000;
  static constexpr Duration kMembersAge = Seconds(2);
  static constexpr std::size_t kTypingPerSecond = 20;  // of a room
  static constexpr std::size_t kTypersMax = 100;       // of a room, at once
  static constexpr std::int64_t kReceiptMembersMax = 100;
  static constexpr std::size_t kThreadsMax = 100;  // of a room, in an interval

  struct Surroundings {
    net::Loop& loop;
    Store& store;
    Courier& courier;
    const OnlineUsers& online;
    OpenRooms& rooms;
    const ChatSettings& settings;
    bool has_other_nodes = false;  // that write to the same rooms
  };
  // All that is borrowed outlives it.
  explicit Audience(const Surroundings& surroundings) : at_(surroundings) {}

  // Within the room's line of writes: has its members loaded, where there are not too many.
  Task<void> LoadMembers(OpenRoom& room);
  void AddMember(OpenRoom& room, const std::string& user);
  void RemoveMember(OpenRoom& room, const std::string& user);

  // What was committed; room.room is as it is afterwards.
  void OnAppended(OpenRoom& room, const Appended& appended);
  // `event` to all members who are there to hear it.
  void TellMembers(OpenRoom& room, std::string event);
  // There are messages: members are told in their turn.
  void NoteActivity(OpenRoom& room);
  void NoteRead(OpenRoom& room, const std::string& user, Seq seq);
  // False: there are too many. Who may was asked before.
  bool Type(OpenRoom& room, const std::string& user, MessageId thread);

 private:
  void OnTimer() override;
  void ScheduleFlush(OpenRoom& room);
  void Flush(OpenRoom& room);
  void TellSender(OpenRoom& room, const Message& message, std::int64_t root_count);
  bool HearsAtOnce(const OpenRoom& room) const;
  std::string ActivityOf(const Room& room, bool is_mention) const;
  static Task<void> SendToMembers(Audience& self, RoomId id, std::string event);
  static Task<void> SendToFollowers(Audience& self, RoomId id, ThreadState thread);

  const Surroundings at_;
  std::deque<std::pair<MonotonicTime, RoomId>> due_;
  TaskScope scope_;  // last
};

}  // namespace tidemill::chat
