#include "base/clock.h"

#include <time.h>

namespace tidemill {
namespace {

std::int64_t ReadMs(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

class MachineClock final : public Clock {
 public:
  MonotonicTime Now() const override { return {ReadMs(CLOCK_MONOTONIC)}; }
  WallTime WallNow() const override { return {ReadMs(CLOCK_REALTIME)}; }
};

}  // namespace

std::int64_t MonotonicMicros() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

const Clock& SystemClock() {
  static const MachineClock clock;
  return clock;
}

}  // namespace tidemill
