#include "realtime/broker/occupancy_queue.h"

#include <utility>

namespace tidemill::broker {

void OccupancyQueue::Append(const ChannelName& channel, Occupancy change) {
  if (changes_.empty()) loop_.Post([this] { TellAll(); });
  changes_.push_back({channel, change});
}

void OccupancyQueue::TellAll() {
  // What a handler changes is told in the next message.
  for (const Change& change : std::exchange(changes_, {})) {
    if (change.occupancy == Occupancy::kOccupied) {
      events_->OnOccupied(change.channel);
    } else {
      events_->OnVacated(change.channel);
    }
  }
}

}  // namespace tidemill::broker
