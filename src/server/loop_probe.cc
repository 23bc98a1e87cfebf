#include "server/loop_probe.h"

#include <string>

namespace tidemill::server {
namespace {

constexpr Duration kEvery = Seconds(1);

}  // namespace

LoopProbe::LoopProbe(net::Loop& loop, const hub::Hub& hub, metrics::Registry& registry)
    : loop_(loop), hub_(hub) {
  const metrics::Labels labels = {{"loop", std::to_string(loop.index())}};
  registry.AddCallback("tidemill_loop_lag_seconds", "How late the loop's last probe was.", labels,
                       [this] { return static_cast<double>(lag_ms_.load(std::memory_order_relaxed)) / 1e3; });
  registry.AddCallback(
      "tidemill_loop_turn_max_seconds", "The longest turn of the last second.", labels,
      [this] { return static_cast<double>(longest_turn_us_.load(std::memory_order_relaxed)) / 1e6; });
  registry.AddCallback("tidemill_loop_mailbox_messages", "Messages waiting in the loop's mailbox.", labels,
                       [this] { return static_cast<double>(loop_.mailbox_depth()); });
  registry.AddCallback("tidemill_hub_log_bytes", "Memory of frames that some session has yet to take.",
                       labels,
                       [this] { return static_cast<double>(log_bytes_.load(std::memory_order_relaxed)); });
  loop_.timers().Schedule(*this, loop_.clock().Now() + kEvery);
}

void LoopProbe::OnTimer() {
  const MonotonicTime now = loop_.clock().Now();
  lag_ms_.store((now - deadline()).ms, std::memory_order_relaxed);
  longest_turn_us_.store(loop_.TakeLongestTurnMicros(), std::memory_order_relaxed);
  log_bytes_.store(hub_.segments().bytes_in_use(), std::memory_order_relaxed);
  loop_.timers().Schedule(*this, now + kEvery);
}

}  // namespace tidemill::server
