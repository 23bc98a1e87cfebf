// Settings of the outbox.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "config/section_fwd.h"
#include "outbox/options.h"

namespace tidemill::outbox {

struct OutboxSettings {
  bool enabled = false;
  std::uint64_t depth_max = 1'000'000;
  std::uint32_t parked_max = 10'000;
  std::uint32_t attempts_max = 20;
  Duration retry_pause_max = Seconds(30);
  Duration poll_interval = Milliseconds(250);
  Duration lease = Seconds(5);
  friend bool operator==(const OutboxSettings&, const OutboxSettings&) = default;
};

RelayOptions OptionsOf(const OutboxSettings& settings);

config::Section<OutboxSettings> OutboxSection();

}  // namespace tidemill::outbox
