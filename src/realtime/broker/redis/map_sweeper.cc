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
  const auto found = watched_.find(channel);
  if (found != watched_.end() && found->second.is_swept) {
    auto& asked = found->second.asked_meanwhile;
    asked = asked ? std::min(*asked, due) : due;
    return;
  }
  if (found != watched_.end() && found->second.due <= due) return;
  SetDue(channel, due);
  Arm();
}

void MapSweeper::FindOut(const ChannelName& channel) {
  const auto found = watched_.find(channel);
  if (found == watched_.end() || found->second.is_swept) Watch(channel, kSoon);
}

void MapSweeper::SetDue(const ChannelName& channel, MonotonicTime due) {
  const auto [at, is_new] = watched_.try_emplace(channel, Watched{.due = due});
  if (!is_new) by_due_.erase({at->second.due, channel});
  at->second = Watched{.due = due};
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
  watched_.at(channel).is_swept = true;
  const auto next = co_await store_.Expire(channel);
  --sweeps_;
  std::optional<MonotonicTime> due = watched_.at(channel).asked_meanwhile;
  const auto at_the_latest = [&](MonotonicTime time) { due = due ? std::min(*due, time) : time; };
  if (!next) {
    at_the_latest(loop_.Now() + kSoon);
  } else if (*next) {
    at_the_latest(loop_.Now() + std::max(**next, kPause));
  }
  if (due) {
    SetDue(channel, *due);
  } else {
    watched_.erase(channel);
  }
  Arm();
}

}  // namespace tidemill::broker::redis_broker
