#include "net/precise_pause.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace tidemill::net {

PrecisePause::PrecisePause(Loop& loop)
    : loop_(loop), timer_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  TM_ASSERT(timer_.valid() && loop.Watch(timer_.get(), EPOLLIN | EPOLLET, *this));
}

PrecisePause::~PrecisePause() { loop_.Unwatch(timer_.get(), *this); }

PrecisePause& PrecisePause::For(Duration duration) {
  duration_ = std::max(duration, Milliseconds(1));
  return *this;
}

void PrecisePause::await_suspend(std::coroutine_handle<> awaiter) {
  awaiter_ = awaiter;
  Set(duration_);
}

void PrecisePause::Wake() {
  if (!awaiter_) return;
  Set({});  // an edge that is under way already may end the next pause early
  std::exchange(awaiter_, nullptr).resume();
}

void PrecisePause::Set(Duration duration) {
  const itimerspec spec{
      .it_interval = {},
      .it_value = {.tv_sec = duration.ms / 1000, .tv_nsec = duration.ms % 1000 * 1'000'000}};
  TM_ASSERT(timerfd_settime(timer_.get(), 0, &spec, nullptr) == 0);
}

}  // namespace tidemill::net
