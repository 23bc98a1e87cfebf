// RelayOptions: how the outbox is relayed. A value; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace tidemill::outbox {

struct RelayOptions {
  std::string node;                       // who relays, for others to read
  Duration interval = Milliseconds(250);  // between two looks that nothing has asked for
  Duration lease = Seconds(5);            // another node takes over when this one is gone for so long
  std::uint64_t depth_max = 1'000'000;    // entries that may wait
  std::uint64_t parked_max = 10'000;      // then nothing is parked any more, and its lane waits
  std::uint32_t attempts_max = 20;        // of an entry, while others leave
  Duration retry_pause_max = Seconds(30);
};

}  // namespace tidemill::outbox
