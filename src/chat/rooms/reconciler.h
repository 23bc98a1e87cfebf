// Reconciler: brings a room in line with the database after a commit whose answer was lost. What was written
// then is published, and whoever may not follow the room any more does not.
//
// One per loop, loop thread only.
#pragma once

#include <vector>

#include "chat/delivery/courier.h"
#include "chat/rooms/audience.h"
#include "chat/rooms/followers.h"
#include "chat/rooms/open_room.h"
#include "chat/store/store.h"
#include "net/loop.h"
#include "net/task.h"

namespace tidemill::chat {

class Reconciler {
 public:
  struct Surroundings {
    net::Loop& loop;
    Store& store;
    Courier& courier;
    Audience& audience;
    Followers& followers;
  };
  // All that is borrowed outlives it.
  explicit Reconciler(const Surroundings& surroundings) : at_(surroundings) {}

  // Within the room's line of writes. False: the database has not answered; the room is as before.
  Task<bool> Reconcile(OpenRoom& room);

 private:
  // Those behind what was published; where that is not known, what was written since the doubtful write
  // began.
  Task<Outcome<std::vector<Change>>> Behind(const OpenRoom& room, Version version);
  Task<void> Tell(OpenRoom& room, Change change);
  void TellDeleted(const OpenRoom& room);

  const Surroundings at_;
};

}  // namespace tidemill::chat
