#include "events/sender.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "net/next_turn.h"
#include "net/sleep.h"

namespace tidemill::events {

Sender::Sender(net::Loop& loop, EventQueue& queue, Target& target, Metrics& metrics)
    : loop_(loop), queue_(queue), target_(target), metrics_(metrics), runs_(queue.lanes()) {}

void Sender::Wake(std::size_t lane) {
  if (runs_[lane]) return;
  runs_[lane] = true;
  scope_.Spawn(RunLane(lane));
}

Task<void> Sender::RunLane(std::size_t lane) {
  co_await net::NextTurn(loop_);  // what comes in this turn goes along
  while (true) {
    const Batch batch = queue_.Take(lane);
    if (batch.items.empty()) break;
    Duration pause = kFirstPause;
    while (true) {
      const Result<void> delivered = co_await target_.Deliver(batch);
      if (delivered) break;
      metrics_.requests_failed.Add();
      Complain(delivered.error());
      co_await net::Sleep(loop_, pause);
      pause = Duration{std::min(2 * pause.ms, kLongestPause.ms)};
    }
    queue_.Delivered(batch);
  }
  runs_[lane] = false;
}

void Sender::Reschedule() {
  if (queue_.forgetting()) return loop_.timers().Schedule(*this, loop_.Now());
  const auto next = queue_.NextDelayEnd();
  if (next && (!scheduled() || *next < deadline())) loop_.timers().Schedule(*this, *next);
}

void Sender::OnTimer() {
  if (queue_.forgetting()) queue_.TellAgain();
  queue_.EndDelays({.wall = loop_.clock().WallNow(), .now = loop_.Now()});
  Reschedule();
}

void Sender::Complain(const Error& error) {
  const auto suppressed = complaints_.Count(loop_.clock().Now());
  if (suppressed) log::Warn("events.not_taken", {{"why", error.detail}, {"suppressed", *suppressed}});
}

}  // namespace tidemill::events
