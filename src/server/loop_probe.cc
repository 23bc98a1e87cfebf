#include "server/loop_probe.h"

#include <string>

#include "base/log.h"

namespace tidemill::server {
namespace {

constexpr Duration kEvery = Seconds(1);

// From here on a turn is a matter for the operator.
constexpr net::Micros kWarnAbove = 50'000;

}  // namespace

LoopProbe::LoopProbe(net::Loop& loop, const hub::Hub& hub, metrics::Registry& registry)
    : loop_(loop), hub_(hub) {
  const metrics::Labels labels = {{"loop", std::to_string(loop.index())}};
  registry.AddCallback("tidemill_loop_lag_seconds", "How late the loop's last probe was.", labels,
                       [this] { return static_cast<double>(lag_ms_.load(std::memory_order_relaxed)) / 1e3; });
  registry.AddCallback(
      "tidemill_loop_turn_max_seconds", "The longest turn of the last second.", labels,
      [this] { return static_cast<double>(longest_turn_us_.load(std::memory_order_relaxed)) / 1e6; });
  const net::TurnMeter& meter = loop_.meter();
  registry.AddCallback("tidemill_loop_turn_cpu_max_seconds",
                       "The most CPU time that one turn has taken since the start.", labels,
                       [&meter] { return static_cast<double>(meter.longest_cpu()) / 1e6; });
  registry.AddCallback("tidemill_loop_long_turns_total", "Turns that took more than 5 ms of CPU time.",
                       labels, [&meter] { return static_cast<double>(meter.long_turns()); });
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
  const net::LongTurn longest = loop_.meter().TakeLongest();
  longest_turn_us_.store(longest.wall, std::memory_order_relaxed);
  if (longest.wall > kWarnAbove) WarnOf(longest);
  log_bytes_.store(hub_.segments().bytes_in_use(), std::memory_order_relaxed);
  loop_.timers().Schedule(*this, now + kEvery);
}

// At most once a second: that is how often the probe looks.
void LoopProbe::WarnOf(const net::LongTurn& turn) {
  log::Warn("loop.turn_was_long", {{"loop", loop_.index()},
                                   {"ms", turn.wall / 1000},
                                   {"cpu_ms", turn.cpu / 1000},
                                   {"phase", turn.piece.phase},
                                   {"piece_ms", turn.piece.took / 1000},
                                   {"work", turn.Work()}});
}

}  // namespace tidemill::server
