// TCP's own search for a peer that vanished.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace tidemill::net {

// 0: as the system has it.
struct KeepAlive {
  std::uint32_t idle_s = 0;
  std::uint32_t interval_s = 0;
  std::uint32_t count = 0;
  Duration unacknowledged_max{};  // what was sent and not acknowledged for so long ends the connection
  friend bool operator==(const KeepAlive&, const KeepAlive&) = default;
};

}  // namespace tidemill::net
