// OccupancyQueue: tells the listener of one owner loop which channels have become occupied or vacated.
//
// Every change is told in a message of its own turn: after the subscribe was answered or the unsubscribe has
// returned, so that a listener may call the broker. The queue holds the changes of one turn at most. Without
// a listener a change costs one comparison.
//
// Loop thread only. The loop must have stopped before the queue is destroyed.
#pragma once

#include <vector>

#include "net/loop.h"
#include "realtime/broker/broker.h"

namespace tidemill::broker {

enum class Occupancy { kOccupied, kVacated };

class OccupancyQueue {
 public:
  explicit OccupancyQueue(net::Loop& loop) : loop_(loop) {}
  OccupancyQueue(const OccupancyQueue&) = delete;
  OccupancyQueue& operator=(const OccupancyQueue&) = delete;

  void SetEvents(OccupancyEvents& events) { events_ = &events; }
  void Push(const ChannelName& channel, Occupancy change) {
    if (events_ != nullptr) Append(channel, change);
  }

 private:
  struct Change {
    ChannelName channel;
    Occupancy occupancy;
  };

  void Append(const ChannelName& channel, Occupancy change);
  void TellAll();

  net::Loop& loop_;
  OccupancyEvents* events_ = nullptr;
  std::vector<Change> changes_;  // not empty: TellAll is posted
};

}  // namespace tidemill::broker
