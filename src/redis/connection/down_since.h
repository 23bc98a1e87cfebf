// DownSince: the time since which a connection is down, readable by any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace tidemill::redis {

class DownSince {
 public:
  // Down from now on, until End.
  explicit DownSince(const Clock& clock) : clock_(clock) { Begin(); }

  void Begin() { since_ms_.store(clock_.Now().ms, std::memory_order_relaxed); }
  void End() { since_ms_.store(kUp, std::memory_order_relaxed); }

  // Any thread.
  std::optional<MonotonicTime> since() const {
    const std::int64_t ms = since_ms_.load(std::memory_order_relaxed);
    if (ms == kUp) return std::nullopt;
    return MonotonicTime{ms};
  }

 private:
  static constexpr std::int64_t kUp = -1;

  const Clock& clock_;
  std::atomic<std::int64_t> since_ms_{kUp};
};

}  // namespace tidemill::redis
