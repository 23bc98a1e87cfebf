#include "stores/clock/wall_clock.h"

#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

namespace {

std::atomic<std::int64_t> stepped_ms{0};

int ReadClock(clockid_t id, timespec& now) {
  const auto code = static_cast<int>(syscall(SYS_clock_gettime, id, &now));
  if (code != 0 || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)) return code;
  const std::int64_t ms = stepped_ms.load(std::memory_order_relaxed);
  now.tv_sec += ms / 1000;
  now.tv_nsec += ms % 1000 * 1'000'000;
  if (now.tv_nsec < 0) {
    now.tv_nsec += 1'000'000'000;
    --now.tv_sec;
  } else if (now.tv_nsec >= 1'000'000'000) {
    now.tv_nsec -= 1'000'000'000;
    ++now.tv_sec;
  }
  return 0;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t id, timespec* now) noexcept { return ReadClock(id, *now); }

int gettimeofday(timeval* now, void*) noexcept {
  timespec read{};
  const int code = ReadClock(CLOCK_REALTIME, read);
  now->tv_sec = read.tv_sec;
  now->tv_usec = read.tv_nsec / 1000;
  return code;
}

time_t time(time_t* result) noexcept {
  timespec read{};
  ReadClock(CLOCK_REALTIME, read);
  if (result != nullptr) *result = read.tv_sec;
  return read.tv_sec;
}

}  // extern "C"

namespace tidemill::testing {

void StepWallClock(Duration by) { stepped_ms.fetch_add(by.ms); }

}  // namespace tidemill::testing
