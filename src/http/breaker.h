// Breaker: when an endpoint that fails is left alone, and when it is tried again.
//
// Closed: requests go out. After `failures_max` failures in a row it is open for a while: none does. Then one
// goes out (half open): its success closes the breaker, its failure opens it for twice as long. Without a
// clock of its own; one thread.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace tidemill::http {

struct BreakerOptions {
  std::uint32_t failures_max = 10;
  Duration open_for = Seconds(10);
  Duration open_for_max = Minutes(5);
  friend bool operator==(const BreakerOptions&, const BreakerOptions&) = default;
};

class Breaker {
 public:
  enum class State : std::uint8_t { kClosed, kOpen, kHalfOpen };

  explicit Breaker(BreakerOptions options) : options_(options) {}

  // How many requests may be under way at `now`, of `concurrency` when all is well.
  std::uint32_t Admits(MonotonicTime now, std::uint32_t concurrency);
  // What became of one. Those that began before it opened count for nothing while it is open.
  void Succeed();
  void Fail(MonotonicTime now);
  void Reset();

  State state() const { return state_; }
  std::uint32_t failures() const { return failures_; }  // in a row
  // kOpen: when it is tried again.
  MonotonicTime open_until() const { return open_until_; }

 private:
  void Open(MonotonicTime now);

  BreakerOptions options_;
  State state_ = State::kClosed;
  std::uint32_t failures_ = 0;
  Duration next_open_for_ = options_.open_for;
  MonotonicTime open_until_{};
};

}  // namespace tidemill::http
