// Slices: a long answer is encoded over several turns, so that others are served in between. A slice is over
// when the callback's share of the turn is spent (Loop::ShareSpent), or after kBytes.
//
//   for (…) {
//     Write(…);
//     if (slices.IsOver()) co_await slices.Next();
//   }
//
// On a loop only.
#pragma once

#include <cstddef>
#include <string>

#include "net/loop.h"
#include "net/next_turn.h"

namespace tidemill::methods {

class Slices {
 public:
  // Of one turn.
  static constexpr std::size_t kBytes = 256 * 1024;

  explicit Slices(const std::string& out) : out_(out) {}

  bool IsOver() const { return out_.size() - begin_ >= kBytes || net::Loop::Current()->ShareSpent(); }
  net::NextTurn Next() {
    begin_ = out_.size();
    return net::NextTurn(*net::Loop::Current());
  }

 private:
  const std::string& out_;
  std::size_t begin_ = 0;
};

}  // namespace tidemill::methods
