// A session's clock: stale, ping and pong, the end of the connection and of subscriptions. One timer serves
// all.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "realtime/session/session.h"

namespace tidemill::session {

// The first ping comes at a random time, so that many clients that came at once do not stay in step.
void Session::StartDeadlines() {
  const std::int64_t interval = settings().client.ping_interval.ms;
  const auto half = static_cast<std::uint64_t>(std::max<std::int64_t>(interval / 2, 1));
  next_ping_ =
      context_.loop.Now() + Milliseconds(interval / 2 + static_cast<std::int64_t>(RandomBelow(half)));
  Reschedule();
}

void Session::Reschedule() {
  if (closed_) return;
  const config::ClientSettings& client = settings().client;
  MonotonicTime next = next_ping_;
  if (awaiting_pong_) {
    next = std::min(next, next_ping_ + Duration{client.pong_timeout.ms - client.ping_interval.ms});
  }
  const auto consider = [&](std::int64_t expire_at, Duration delay) {
    if (expire_at == 0) return;
    const Duration wait = WallTime{expire_at * 1000} + delay - context_.loop.clock().WallNow();
    next = std::min(next, context_.loop.Now() + Duration{std::max<std::int64_t>(wait.ms, 0)});
  };
  if (connected_ && identity_) consider(identity_->expire_at, client.expired_close_delay);
  if (subscriptions_expire_) {
    for (const auto& subscription : subscriptions_)
      consider(subscription->expire_at, client.expired_sub_close_delay);
  }
  context_.loop.timers().Schedule(*this, next);
}

void Session::EndLater(protocol::DisconnectCode code) {
  if (closed_ || end_with_) return;
  for (const protocol::DisconnectCode& known : protocol::AllDisconnectCodes()) {
    if (known.code == code.code) end_with_ = &known;
  }
  context_.loop.timers().Schedule(*this, context_.loop.Now());
}

void Session::OnTimer() {
  const config::ClientSettings& client = settings().client;
  const MonotonicTime now = context_.loop.Now();
  if (end_with_) return Disconnect(*end_with_);
  if (!connected_) {
    if (now >= next_ping_) return Disconnect(protocol::kDisconnectStale);
    return Reschedule();
  }
  if (identity_ && identity_->expire_at != 0) {
    const WallTime end = WallTime{identity_->expire_at * 1000} + client.expired_close_delay;
    if (context_.loop.clock().WallNow() >= end) return Disconnect(protocol::kDisconnectExpired);
  }
  const MonotonicTime pong_due = next_ping_ + Duration{client.pong_timeout.ms - client.ping_interval.ms};
  if (awaiting_pong_ && now >= pong_due) return Disconnect(protocol::kDisconnectNoPong);
  CheckSubscriptions();
  if (closed_) return;
  if (now >= next_ping_) Ping();
  Reschedule();
}

void Session::Ping() {
  if (!form_.native_ping || !transport_.QueuePing()) {
    std::string message;
    protocol::AppendPing(form_.encoding, message);
    transport_.QueueMessage(message);
  }
  awaiting_pong_ = settings().client.pong_timeout.ms > 0;
  next_ping_ = context_.loop.Now() + settings().client.ping_interval;
}

// Subscriptions that expired end: a client-side one so that the client can subscribe anew, a server-side one
// together with the connection.
void Session::CheckSubscriptions() {
  const WallTime wall = context_.loop.clock().WallNow();
  const Duration delay = settings().client.expired_sub_close_delay;
  std::vector<std::string> ended;
  for (const auto& subscription : subscriptions_) {
    const bool expired =
        subscription->expire_at != 0 && wall >= WallTime{subscription->expire_at * 1000} + delay;
    if (!expired) continue;
    if (subscription->server_side) return Disconnect(protocol::kDisconnectSubExpired);
    ended.push_back(subscription->channel_name());
  }
  for (const std::string& channel : ended) ServerUnsubscribe(channel, protocol::kUnsubscribeExpired);
}

// At once: nothing of the new stream may reach who followed the old one. The client subscribes anew and is
// told whether it recovered; a server-side subscription ends with its connection.
void Session::OnStreamLost(const ChannelSubscription& subscription) {
  if (subscription.server_side) return Disconnect(protocol::kDisconnectInsufficientState);
  ServerUnsubscribe(subscription.channel_name(), protocol::kUnsubscribeInsufficientState);
}

}  // namespace tidemill::session
