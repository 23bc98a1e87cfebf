#include "http/breaker.h"

#include <algorithm>

namespace tidemill::http {

std::uint32_t Breaker::Admits(MonotonicTime now, std::uint32_t concurrency) {
  if (state_ == State::kOpen && now >= open_until_) state_ = State::kHalfOpen;
  switch (state_) {
    case State::kClosed: return concurrency;
    case State::kHalfOpen: return 1;
    case State::kOpen: return 0;
  }
  return 0;
}

void Breaker::Succeed() {
  if (state_ != State::kOpen) Reset();
}

void Breaker::Fail(MonotonicTime now) {
  if (state_ == State::kOpen) return;
  ++failures_;
  if (state_ == State::kHalfOpen || failures_ >= options_.failures_max) Open(now);
}

void Breaker::Reset() {
  state_ = State::kClosed;
  failures_ = 0;
  next_open_for_ = options_.open_for;
}

void Breaker::Open(MonotonicTime now) {
  state_ = State::kOpen;
  open_until_ = now + next_open_for_;
  next_open_for_ = std::min(Duration{next_open_for_.ms * 2}, options_.open_for_max);
}

}  // namespace tidemill::http
