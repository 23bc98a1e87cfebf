// Time, in the two kinds that must not be mixed: monotonic for every timer and deadline, wall for what
// leaves the process or comes from outside (token expiry, timestamps). Both in whole milliseconds.
#pragma once

#include <compare>
#include <cstdint>

namespace tidemill {

struct Duration {
  std::int64_t ms = 0;
  friend auto operator<=>(const Duration&, const Duration&) = default;
};

constexpr Duration Milliseconds(std::int64_t n) { return {n}; }
constexpr Duration Seconds(std::int64_t n) { return {n * 1000}; }
constexpr Duration Minutes(std::int64_t n) { return {n * 60'000}; }
constexpr Duration Hours(std::int64_t n) { return {n * 3'600'000}; }

// CLOCK_MONOTONIC. Only differences mean something.
struct MonotonicTime {
  std::int64_t ms = 0;
  friend auto operator<=>(const MonotonicTime&, const MonotonicTime&) = default;
};

constexpr MonotonicTime operator+(MonotonicTime at, Duration by) { return {at.ms + by.ms}; }
constexpr Duration operator-(MonotonicTime late, MonotonicTime early) { return {late.ms - early.ms}; }

// Milliseconds since the Unix epoch.
struct WallTime {
  std::int64_t ms = 0;
  friend auto operator<=>(const WallTime&, const WallTime&) = default;
};

constexpr WallTime operator+(WallTime at, Duration by) { return {at.ms + by.ms}; }
constexpr Duration operator-(WallTime late, WallTime early) { return {late.ms - early.ms}; }

// Any thread. Tests give their own clock.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonotonicTime Now() const = 0;
  virtual WallTime WallNow() const = 0;
};

// The machine's clock; lives for the whole process.
const Clock& SystemClock();

// The machine's monotonic clock in µs, for measuring how long something took. Any thread.
std::int64_t MonotonicMicros();

// A clock that a test moves by hand.
class ManualClock final : public Clock {
 public:
  MonotonicTime Now() const override { return now_; }
  WallTime WallNow() const override { return wall_; }
  void Advance(Duration by) {
    now_ = now_ + by;
    wall_ = wall_ + by;
  }

 private:
  MonotonicTime now_{1'000'000};
  WallTime wall_{1'700'000'000'000};
};

}  // namespace tidemill
