// Pacing: when one live query is asked anew: at the first change at once, then at most once in an interval,
// and once more if something has changed while it was being asked. One that is slow rests as long as it took.
//
// A state machine without a clock: Idle → (change) → Due → Begin → Running → End → Idle, or Due again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/clock.h"

namespace tidemill::queries::live {

class Pacing {
 public:
  static constexpr Duration kFirstPause = Milliseconds(100);
  static constexpr Duration kLongestPause = Seconds(5);
  static constexpr Duration kLongestLook = Milliseconds(250);
  // So long what it is asked for is about to come.
  static constexpr Duration kLooksFor = Seconds(10);

  explicit Pacing(Duration min_interval) : min_interval_(min_interval) {}

  // Nullopt: only changes make it due. Holds from the next End on.
  void SetPolling(std::optional<Duration> interval) { polling_ = interval; }
  bool polls() const { return polling_.has_value(); }

  // Something that it reads may have changed. Gives whether it is due, or sooner than before.
  bool NoteChange(MonotonicTime now) {
    if (running_) {
      again_ = true;
      return false;
    }
    const MonotonicTime at = std::max(now, earliest_);
    if (due_ && *due_ <= at) return false;
    due_ = at;
    return true;
  }

  // When it is to be asked; nullopt: it is not, or it is being asked.
  std::optional<MonotonicTime> due() const { return due_; }
  bool running() const { return running_; }

  // It is due.
  void Begin(MonotonicTime now) {
    due_.reset();
    running_ = true;
    begun_ = now;
    earliest_ = now + min_interval_;
  }

  enum class Outcome : std::uint8_t {
    kDone,
    kFailed,      // due again after a pause that grows
    kNotVisible,  // due again after 1 ms, 2 ms, 4 ms …: what it is asked for is about to come
  };
  // What it was asked for does not come: kNotVisible for kLooksFor without another outcome.
  bool gives_up(MonotonicTime now) const { return looks_since_ && now - *looks_since_ > kLooksFor; }

  void End(Outcome outcome, MonotonicTime now) {
    running_ = false;
    if (outcome != Outcome::kNotVisible) looks_since_.reset();
    const bool again = std::exchange(again_, false);
    switch (outcome) {
      case Outcome::kDone:
        pause_ = kFirstPause;
        look_ = Milliseconds(1);
        earliest_ = std::max(now + (now - begun_), earliest_);
        if (again) {
          due_ = std::max(now, earliest_);
        } else if (polling_) {
          due_ = std::max(now + *polling_, earliest_);
        }
        return;
      case Outcome::kFailed:
        earliest_ = std::max(now + pause_, earliest_);
        due_ = earliest_;
        pause_ = std::min(Duration{2 * pause_.ms}, kLongestPause);
        return;
      case Outcome::kNotVisible:
        if (!looks_since_) looks_since_ = now;
        earliest_ = now + look_;
        due_ = earliest_;
        look_ = std::min(Duration{2 * look_.ms}, kLongestLook);
        return;
    }
  }

 private:
  const Duration min_interval_;
  std::optional<Duration> polling_;
  bool running_ = false;
  bool again_ = false;
  std::optional<MonotonicTime> due_;
  MonotonicTime begun_{};
  MonotonicTime earliest_{};
  std::optional<MonotonicTime> looks_since_;
  Duration pause_ = kFirstPause;
  Duration look_ = Milliseconds(1);
};

}  // namespace tidemill::queries::live
