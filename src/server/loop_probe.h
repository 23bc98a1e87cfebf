// LoopProbe: measures a loop from inside, once a second: how late its timers are, how long its turns take.
// Says in the log when a turn was so long that clients feel it, and what was long in it.
#pragma once

#include <atomic>
#include <cstdint>

#include "metrics/metrics.h"
#include "net/loop.h"
#include "realtime/hub/hub.h"

namespace tidemill::server {

class LoopProbe final : private net::Timer {
 public:
  // Registers tidemill_loop_… for the loop; measures from the loop's first turn on.
  LoopProbe(net::Loop& loop, const hub::Hub& hub, metrics::Registry& registry);

 private:
  void OnTimer() override;
  void WarnOf(const net::LongTurn& turn);

  net::Loop& loop_;
  const hub::Hub& hub_;
  // Written by the loop, read by whoever scrapes.
  std::atomic<std::int64_t> lag_ms_{0};
  std::atomic<std::int64_t> longest_turn_us_{0};
  std::atomic<std::uint64_t> log_bytes_{0};
};

}  // namespace tidemill::server
