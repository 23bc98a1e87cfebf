// TurnShares: how long a turn of a loop, each phase of it and the callback at hand have been running, and
// whether they should leave the rest for the next turn.
//
// The turn is what everybody waits for: a connection whose bytes have just come, the answers that leave at
// its end, the timers. So each phase has a limit in time, and each callback a share of it; what takes longer
// is continued in later turns, in the order it came. Every phase gets on by some callbacks in every turn,
// however long the others took. What is done at the turn's end, all writing, has what is left of a turn that
// others may have to wait for, and never less than some. The clock is read once for several callbacks. Loop
// thread only.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <typeinfo>

namespace tidemill::net {

using Micros = std::int64_t;
using MicrosClock = std::int64_t (*)();

struct TurnLimits {
  // Of one connection: what is read of it in a turn, and how long what it sent is worked on.
  static constexpr std::size_t kShareBytes = 16 * 1024;
  static constexpr Micros kShare = 200;
  // Of a listener: accepting and the handshakes that begin with it.
  static constexpr Micros kAcceptShare = 1000;
  // Of all that is done in one phase.
  static constexpr Micros kMailbox = 1000;
  static constexpr Micros kNextTurn = 500;
  static constexpr Micros kEvents = 1500;
  static constexpr Micros kBehind = 500;  // for those who have had a share and want more
  static constexpr Micros kTimers = 500;
  // Of one hook at the turn's end, which finds the turn this long at most, if it can.
  static constexpr Micros kHookMost = 2000;
  static constexpr Micros kHookLeast = 500;
  static constexpr Micros kTurn = 4000;
};

// The longest that passed between two looks at the clock in a turn: for the log.
struct TurnPiece {
  static constexpr unsigned kCallbacksMax = 4;

  Micros took = 0;
  const char* phase = "";                                   // of the turn
  std::array<const std::type_info*, kCallbacksMax> work{};  // the callbacks that ran then; null: fewer
};

class TurnShares {
 public:
  explicit TurnShares(MicrosClock clock) : clock_(clock) {}

  void BeginTurn() {
    turn_begin_ = looked_ = clock_();
    longest_ = {.took = kNotable};
  }
  // Gives how long the turn took.
  Micros EndTurn() { return Look() - turn_begin_; }
  // What took longest in the turn, if it is worth a word.
  const TurnPiece& longest_piece() const { return longest_; }

  // What follows may take `limit`. `phase` is a literal.
  void BeginPhase(const char* phase, Micros limit) {
    if (callbacks_ % TurnPiece::kCallbacksMax != 0) Look();
    phase_ = phase;
    recent_ = {};
    limit_ = limit;
    phase_begin_ = looked_;
    callbacks_ = 0;
  }
  // Before each callback of the phase.
  template <class Callback>
  void BeginCallback(const Callback& callback) {
    recent_[callbacks_ % TurnPiece::kCallbacksMax] = &typeid(callback);
    share_begin_ = 0;
  }
  // After it: whether there is time for another.
  bool MayGoOn() { return ++callbacks_ % TurnPiece::kCallbacksMax != 0 || Look() - phase_begin_ < limit_; }
  // The next MayGoOn looks at the clock: the callback at hand was a long one.
  void LookSoon() { callbacks_ = TurnPiece::kCallbacksMax - 1; }

  bool ShareSpent(Micros share) {
    Look();
    if (share_begin_ == 0) share_begin_ = looked_;
    if (looked_ - share_begin_ < share) return false;
    LookSoon();
    return true;
  }

  // What a hook at the turn's end may take.
  Micros HookShare() {
    return std::clamp(turn_begin_ + TurnLimits::kTurn - Look(), TurnLimits::kHookLeast,
                      TurnLimits::kHookMost);
  }

  Micros Look() {
    const Micros now = clock_();
    if (now - looked_ > longest_.took) {
      longest_ = {.took = now - looked_, .phase = phase_, .work = recent_};
    }
    return looked_ = now;
  }

 private:
  static constexpr Micros kNotable = 1000;

  const MicrosClock clock_;
  Micros turn_begin_ = 0;
  Micros phase_begin_ = 0;
  Micros share_begin_ = 0;  // 0: nobody has asked yet
  Micros looked_ = 0;       // what the clock said last
  Micros limit_ = 0;
  unsigned callbacks_ = 0;
  const char* phase_ = "";
  std::array<const std::type_info*, TurnPiece::kCallbacksMax> recent_{};
  TurnPiece longest_;
};

}  // namespace tidemill::net
