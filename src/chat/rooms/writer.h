// Writer: the writes of the rooms that a loop owns: of each room one at a time, published in the order of
// their versions.
//
// Sends that come while a write of their room is under way gather and become one transaction, up to
// batch_max; they are answered when it is committed. Other writes come between two such transactions, each in
// its turn. With several nodes the database's lock on the room orders what they write; each publishes its
// own, and clients see by the version where something of another node has come late.
//
// Where the answer of a commit was lost, the room is brought in line with the database first (reconciler.h).
//
// What waits for its room is limited; what was taken runs to its end, whoever hangs up. One per loop, loop
// thread only.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "chat/delivery/courier.h"
#include "chat/rooms/audience.h"
#include "chat/rooms/metrics.h"
#include "chat/rooms/open_rooms.h"
#include "chat/rooms/reconciler.h"
#include "chat/rooms/settings.h"
#include "chat/store/store.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"

namespace tidemill::chat {

// What is answered where too many wait.
Refusal QueueFull();

class Writer {
 public:
  struct Surroundings {
    net::Loop& loop;
    Store& store;
    Courier& courier;
    Audience& audience;
    OpenRooms& rooms;
    Reconciler& reconciler;
    RoomMetrics& metrics;
    const ChatSettings& settings;
    bool has_other_nodes = false;
  };
  // All that is borrowed outlives it.
  explicit Writer(const Surroundings& surroundings) : at_(surroundings) {}

  // The answer comes when it is committed; kUnavailable at once where too many wait.
  void Put(RoomId id, WaitingSend send);
  // False: too many wait.
  bool Put(RoomId id, RoomJob job);
  // Within a job: what the room's channel gets of it.
  void Publish(OpenRoom& room, const std::vector<Change>& changes);
  // Within a job: it is not known whether its write has happened. Nothing else is written before it is, where
  // the database answers.
  void Doubt(OpenRoom& room);
  // Within a job: has the room and its members, if it is there at all; read anew where others write to it.
  Task<Outcome<>> Load(OpenRoom& room);
  // Within a job: reads the room anew.
  Task<Outcome<>> Refresh(OpenRoom& room);

  std::size_t working() const { return scope_.running(); }

  static constexpr int kSettleAttempts = 30;  // one a second, while nothing else is to be written

 private:
  bool IsFull(const OpenRoom& room);
  void Begin(OpenRoom& room);
  static Task<void> Work(Writer& self, OpenRoom& room);
  // Does away with a doubt, if there is one and the database answers.
  Task<void> Settle(OpenRoom& room, int attempt);
  Task<void> RunJob(OpenRoom& room);
  Task<void> AppendBatch(OpenRoom& room);
  std::vector<WaitingSend> TakeBatch(OpenRoom& room);

  const Surroundings at_;
  TaskScope scope_;  // last
};

}  // namespace tidemill::chat
