// OpenRooms: the rooms that a loop owns and keeps in memory: those in use, and of the others kRoomsMax that
// were used last. Loop thread only.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <unordered_map>

#include "chat/rooms/metrics.h"
#include "chat/rooms/open_room.h"

namespace tidemill::chat {

class OpenRooms {
 public:
  static constexpr std::size_t kRoomsMax = 20'000;
  // How many are looked at to find one that may go.
  static constexpr std::size_t kLooksMax = 32;

  explicit OpenRooms(RoomMetrics& metrics) : metrics_(metrics) {}
  ~OpenRooms();
  OpenRooms(const OpenRooms&) = delete;
  OpenRooms& operator=(const OpenRooms&) = delete;

  // Until the next call of Open one that is idle may be used; one that is not stays.
  OpenRoom& Open(RoomId id);
  OpenRoom* Find(RoomId id);
  std::size_t size() const { return rooms_.size(); }

 private:
  void ForgetSome();

  RoomMetrics& metrics_;
  std::unordered_map<RoomId, std::unique_ptr<OpenRoom>> rooms_;
  std::list<RoomId> used_;  // the last one first
};

}  // namespace tidemill::chat
