// Backoff: the pauses between attempts to connect. The longest pause doubles with each failure up to a cap;
// each pause is drawn evenly from zero to the longest ("full jitter"), so that clients that lost a server
// together do not all come back together.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"
#include "base/random.h"

namespace tidemill::net {

class Backoff {
 public:
  Backoff(Duration first, Duration cap) : first_(first), cap_(cap), longest_(first) {}

  Duration Next() {
    const Duration pause =
        Milliseconds(static_cast<std::int64_t>(RandomBelow(static_cast<std::uint64_t>(longest_.ms) + 1)));
    longest_ = std::min(Milliseconds(longest_.ms * 2), cap_);
    return pause;
  }
  void Reset() { longest_ = first_; }
  Duration longest() const { return longest_; }

 private:
  const Duration first_;
  const Duration cap_;
  Duration longest_;
};

}  // namespace tidemill::net
