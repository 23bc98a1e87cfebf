// TurnSlice: what long work at the turn's end may take of the turn. The rest of it is for the next turn
// (Loop::ArmNextTurnEnd).
//
//   net::TurnSlice slice = loop.BeginSlice(loop.HookShare());
//   while (…) {
//     Send(…);
//     if (slice.IsOver()) return loop.ArmNextTurnEnd(rank, *this);
//   }
//
// Each slice gets on by some pieces, however short it is. Loop thread only.
#pragma once

#include "net/turn_shares.h"

namespace tidemill::net {

class TurnSlice {
 public:
  TurnSlice(TurnShares& shares, Micros share) : shares_(shares), end_(shares.Look() + share) {}

  // After each piece of work, one of some microseconds: the clock is read once for several. `reserve` is
  // for other work in the same slice.
  bool IsOver(Micros reserve = 0) { return ++pieces_ % kPiecesPerLook == 0 && IsOverNow(reserve); }
  // After a piece that takes long enough to look at the clock each time.
  bool IsOverNow(Micros reserve = 0) const { return end_ - shares_.Look() <= reserve; }

 private:
  static constexpr unsigned kPiecesPerLook = 16;

  TurnShares& shares_;
  const Micros end_;
  unsigned pieces_ = 0;
};

}  // namespace tidemill::net
