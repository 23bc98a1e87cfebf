#include "realtime/broker/redis/map_sweeper.h"

#include <algorithm>

namespace tidemill::broker::redis_broker {
namespace {

// Redis is asked again after a failure, and soon after a publish by another node.
constexpr Duration kSoon = Milliseconds(500);
// Not at every millisecond in which a key of a large map expires.
constexpr Duration kPause = Milliseconds(20);

}  // namespace

void MapSweeper::Watch(const ChannelName& channel, Duration in) {
  const MonotonicTime due = loop_.Now() + in;
  const auto found = due_.find(channel);
  if (found != due_.end() && found->second <= due) return;
  SetDue(channel, due);
  Arm();
}

void MapSweeper::FindOut(const ChannelName& channel) {
  if (!due_.contains(channel)) Watch(channel, kSoon);
}

void MapSweeper::SetDue(const ChannelName& channel, MonotonicTime due) {
  const auto [at, is_new] = due_.try_emplace(channel, due);
  if (!is_new) by_due_.erase({at->second, channel});
  at->second = due;
  by_due_.emplace(due, channel);
}

void MapSweeper::Arm() {
  if (by_due_.empty() || sweeps_ >= kSweepsMax) return;
  const MonotonicTime due = by_due_.begin()->first;
  if (!scheduled() || deadline() > due) loop_.timers().Schedule(*this, due);
}

void MapSweeper::SweepDue() {
  const MonotonicTime now = loop_.Now();
  while (!by_due_.empty() && sweeps_ < kSweepsMax && by_due_.begin()->first <= now) {
    ChannelName channel = by_due_.begin()->second;
    by_due_.erase(by_due_.begin());
    scope_.Spawn(Sweep(std::move(channel)));
    if (loop_.ShareSpent()) break;
  }
  Arm();
}

Task<void> MapSweeper::Sweep(ChannelName channel) {
  ++sweeps_;
  const MonotonicTime asked_for = due_.at(channel);
  const auto next = co_await store_.Expire(channel);
  --sweeps_;
  if (due_.at(channel) != asked_for) {
    // Watched anew meanwhile, for earlier.
  } else if (!next) {
    SetDue(channel, loop_.Now() + kSoon);
  } else if (*next) {
    SetDue(channel, loop_.Now() + std::max(**next, kPause));
  } else {
    due_.erase(channel);
  }
  Arm();
}

}  // namespace tidemill::broker::redis_broker
