// Deadlines: when a session is stale, has to ping, misses a pong, or has expired.
//
// A state machine without a timer or a clock: the session asks when to look next and what is due then.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "realtime/session/settings.h"

namespace tidemill::session {

class Deadlines {
 public:
  enum class Due : std::uint8_t {
    kNothing,
    kPing,
    kStale,    // no connect command in time
    kNoPong,   // the last ping was not answered
    kExpired,  // of the connection
  };

  struct Moment {
    MonotonicTime now;
    WallTime wall;
    bool answers_wait = false;  // what the client answers, pongs too, waits behind its command: none is due
  };

  // In seconds since the Unix epoch; 0: never.
  struct Expiry {
    std::int64_t connection = 0;
    Duration connection_delay{};    // how much later it is due
    std::int64_t subscription = 0;  // the earliest
  };

  // Until then the client must have connected.
  explicit Deadlines(MonotonicTime stale_at) : next_ping_(stale_at) {}

  // The client has connected. The first ping comes at a random time, so that many clients that came at once
  // do not stay in step.
  void StartPings(MonotonicTime now, const ClientSettings& settings);
  enum class Pong : std::uint8_t { kAwaited, kNone };
  void OnPingSent(MonotonicTime now, const ClientSettings& settings, Pong pong = Pong::kAwaited);
  // The pong has as long again from now on: the client was seen to be there, and has yet to come to the ping.
  void WaitLonger(MonotonicTime now, const ClientSettings& settings);
  // The pong waits behind a command that has just ended after others were asked: as long again for it, once
  // for each ping. After further commands only a moment, so that nobody lives on by what it has sent before.
  void WaitBehindCommand(MonotonicTime now, const ClientSettings& settings);
  // Whether one was awaited: one for each ping.
  bool TakePong() {
    if (pongs_awaited_ == 0) return false;
    --pongs_awaited_;
    return true;
  }
  // Of the transport's pings, the answer to the latest may be the answer to all (RFC 6455 section 5.5.3).
  void TakeNativePong() { pongs_awaited_ = 0; }
  bool awaits_pong() const { return pongs_awaited_ > 0; }

  Due Check(const Moment& moment, const ClientSettings& settings, const Expiry& expiry) const;
  MonotonicTime NextCheck(const Moment& moment, const ClientSettings& settings, const Expiry& expiry) const;

 private:
  MonotonicTime PongDue(const ClientSettings& settings) const;

  MonotonicTime next_ping_;  // before the pings began: when the session is stale
  bool pinging_ : 1 = false;
  bool waited_ : 1 = false;         // WaitBehindCommand gave the last ping its time
  std::uint8_t pongs_awaited_ = 0;  // more than one only where answers wait; 255 stands for more
};

}  // namespace tidemill::session
