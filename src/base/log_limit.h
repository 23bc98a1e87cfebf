// LogLimit: one line a second at most, or another interval, for what a stranger can bring about as often as
// they like.
//
// One thread: each loop has its own.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "base/clock.h"

namespace tidemill::log {

class LogLimit {
 public:
  LogLimit() = default;
  explicit LogLimit(Duration interval) : interval_(interval) {}

  // Counts an event. When a line is due, the number of those since the last line that had none.
  std::optional<std::uint64_t> Count(MonotonicTime now) {
    if (last_ && now - *last_ < interval_) {
      ++suppressed_;
      return std::nullopt;
    }
    last_ = now;
    return std::exchange(suppressed_, 0);
  }

 private:
  Duration interval_ = Seconds(1);
  std::optional<MonotonicTime> last_;
  std::uint64_t suppressed_ = 0;
};

}  // namespace tidemill::log
