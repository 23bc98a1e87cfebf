// Occupancy: tells several services which of the channels that a loop owns have subscriptions.
//
// Filled before the loops run; then immutable. One for all loops: each service sees to its own thread.
#pragma once

#include <vector>

#include "realtime/broker/broker.h"

namespace tidemill::server {

class Occupancy final : public broker::OccupancyEvents {
 public:
  // Borrowed; outlives the loops.
  void Add(broker::OccupancyEvents& events) { all_.push_back(&events); }
  bool empty() const { return all_.empty(); }

  void OnOccupied(const broker::ChannelName& channel) override {
    for (broker::OccupancyEvents* const each : all_) each->OnOccupied(channel);
  }
  void OnVacated(const broker::ChannelName& channel) override {
    for (broker::OccupancyEvents* const each : all_) each->OnVacated(channel);
  }

 private:
  std::vector<broker::OccupancyEvents*> all_;
};

}  // namespace tidemill::server
