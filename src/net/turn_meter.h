// TurnMeter: the longest turns of a loop: by the machine's clock, which is what clients feel, and in CPU
// time, which a busy machine does not make longer.
//
// Cheap: the CPU clock, a system call, is read after long turns and now and then. What the machine took away
// since the last reading is then subtracted from the turn at hand, so that its CPU time is never said too
// long. The loop's thread, but for what says otherwise.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include "net/turn_shares.h"

namespace tidemill::net {

// CPU time of the calling thread.
std::int64_t ThreadCpuMicros();

struct LongTurn {
  Micros wall = 0;
  Micros cpu = 0;
  TurnPiece piece;  // what took longest in it

  // The callbacks of `piece`, readable.
  std::string Work() const;
};

class TurnMeter {
 public:
  // From here on a turn's CPU time is worth to be known.
  static constexpr Micros kLong = 5000;

  explicit TurnMeter(MicrosClock cpu_clock) : cpu_clock_(cpu_clock) {}

  // On the thread that the turns are made on.
  void Begin();
  void EndTurn(Micros wall, const TurnPiece& piece);

  // The longest by the machine's clock since the previous call.
  LongTurn TakeLongest() { return std::exchange(longest_, {}); }

  // Any thread. Since the start: the most CPU time of one turn, and how many took more than kLong of it.
  Micros longest_cpu() const { return longest_cpu_.load(std::memory_order_relaxed); }
  std::uint64_t long_turns() const { return long_turns_.load(std::memory_order_relaxed); }

 private:
  static constexpr Micros kLook = 1000;
  static constexpr unsigned kTurnsPerLook = 64;

  const MicrosClock cpu_clock_;
  Micros cpu_ = 0;   // when it was read last
  Micros busy_ = 0;  // of the turns since then
  unsigned turns_ = 0;
  LongTurn longest_;
  std::atomic<Micros> longest_cpu_{0};
  std::atomic<std::uint64_t> long_turns_{0};
};

}  // namespace tidemill::net
