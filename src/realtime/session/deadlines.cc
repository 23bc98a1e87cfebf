#include "realtime/session/deadlines.h"

#include <algorithm>

#include "base/random.h"

namespace tidemill::session {
namespace {

// Services may give any number of seconds: those of the year 9999 are as good as never.
constexpr std::int64_t kExpireAtMax = 253'402'300'799;

// What a client's own pong needs to get from its socket to here.
constexpr Duration kMomentForPong = Seconds(1);

WallTime EndOf(std::int64_t expire_at, Duration delay) {
  return WallTime{std::clamp<std::int64_t>(expire_at, 0, kExpireAtMax) * 1000} + delay;
}

}  // namespace

void Deadlines::StartPings(MonotonicTime now, const ClientSettings& settings) {
  const std::int64_t interval = settings.ping_interval.ms;
  const auto half = static_cast<std::uint64_t>(std::max<std::int64_t>(interval / 2, 1));
  next_ping_ = now + Milliseconds(interval / 2 + static_cast<std::int64_t>(RandomBelow(half)));
  pinging_ = true;
}

void Deadlines::OnPingSent(MonotonicTime now, const ClientSettings& settings, Pong pong) {
  if (pong == Pong::kNone || settings.pong_timeout.ms == 0) {
    pongs_awaited_ = 0;
  } else if (pongs_awaited_ < UINT8_MAX) {
    ++pongs_awaited_;
  }
  next_ping_ = now + settings.ping_interval;
  waited_ = false;
}

void Deadlines::WaitLonger(MonotonicTime now, const ClientSettings& settings) {
  next_ping_ = now + settings.ping_interval;
  waited_ = false;
}

void Deadlines::WaitBehindCommand(MonotonicTime now, const ClientSettings& settings) {
  if (!waited_) {
    WaitLonger(now, settings);
    waited_ = true;
    return;
  }
  const Duration moment = std::min(kMomentForPong, settings.pong_timeout);
  const Duration rest{settings.ping_interval.ms - settings.pong_timeout.ms};
  next_ping_ = std::max(next_ping_, now + moment + rest);
}

MonotonicTime Deadlines::PongDue(const ClientSettings& settings) const {
  return next_ping_ + Duration{settings.pong_timeout.ms - settings.ping_interval.ms};
}

Deadlines::Due Deadlines::Check(const Moment& moment, const ClientSettings& settings,
                                const Expiry& expiry) const {
  if (!pinging_) return moment.now >= next_ping_ ? Due::kStale : Due::kNothing;
  if (expiry.connection != 0 && moment.wall >= EndOf(expiry.connection, expiry.connection_delay)) {
    return Due::kExpired;
  }
  if (awaits_pong() && !moment.answers_wait && moment.now >= PongDue(settings)) return Due::kNoPong;
  return moment.now >= next_ping_ ? Due::kPing : Due::kNothing;
}

MonotonicTime Deadlines::NextCheck(const Moment& moment, const ClientSettings& settings,
                                   const Expiry& expiry) const {
  MonotonicTime next = next_ping_;
  if (awaits_pong() && !moment.answers_wait) next = std::min(next, PongDue(settings));
  const auto consider = [&](std::int64_t expire_at, Duration delay) {
    if (expire_at == 0) return;
    const Duration wait = EndOf(expire_at, delay) - moment.wall;
    next = std::min(next, moment.now + std::max(wait, Duration{}));
  };
  if (pinging_) consider(expiry.connection, expiry.connection_delay);
  consider(expiry.subscription, settings.expired_sub_close_delay);
  return next;
}

}  // namespace tidemill::session
