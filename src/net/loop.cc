#include "net/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include "base/assert.h"
#include "metrics/metrics.h"
#include "net/frame_memory.h"
#include "net/late_wakes.h"
#include "net/loop_uv.h"
#include "net/stream_pool.h"

namespace tidemill::net {
namespace {

constexpr std::size_t kEventsPerTurn = 512;

thread_local Loop* current_loop = nullptr;

// Makes a loop the thread's current one for a scope; tests run several by hand, one inside another's scope.
class CurrentScope {
 public:
  explicit CurrentScope(Loop* loop) : previous_(std::exchange(current_loop, loop)) {}
  CurrentScope(const CurrentScope&) = delete;
  CurrentScope& operator=(const CurrentScope&) = delete;
  ~CurrentScope() { current_loop = previous_; }

 private:
  Loop* const previous_;
};

std::unexpected<Error> FailErrno(const char* call) {
  return Fail(Errc::kInternal, std::string(call) + ": " + std::strerror(errno));
}

}  // namespace

struct Loop::Batch {
  epoll_event events[kEventsPerTurn];
  std::size_t begin = 0;  // the first not yet handled
  std::size_t end = 0;

  bool empty() const { return begin == end; }
};

Result<std::unique_ptr<Loop>> Loop::Open(LoopOptions options) {
  // A peer that hung up is an error of write, never a signal; OpenSSL writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
  const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) return FailErrno("epoll_create1");
  const int wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake_fd < 0) {
    const auto failure = FailErrno("eventfd");
    close(epoll_fd);
    return failure;
  }
  std::unique_ptr<Loop> loop(new Loop(options, epoll_fd, wake_fd));
  TM_TRY(loop->Start());
  return loop;
}

Loop::Loop(LoopOptions options, int epoll_fd, int wake_fd)
    : index_(options.index),
      clock_(options.clock != nullptr ? options.clock : &SystemClock()),
      epoll_fd_(epoll_fd),
      wake_fd_(wake_fd),
      mailbox_(wake_fd),
      timers_(clock_->Now()),
      now_(clock_->Now()),
      read_buffer_(options.read_buffer_bytes),
      batch_(std::make_unique<Batch>()),
      uv_(std::make_unique<Uv>()),
      stream_pool_(std::make_unique<StreamPool>(*this)),
      shares_(options.micros),
      meter_(options.cpu_micros) {}

Result<void> Loop::Start() {
  TM_TRY(uv_->Start());
  TM_TRY(Watch(uv_->fd(), EPOLLIN, *uv_));
  // Edge-triggered: each write to the eventfd is an event of its own, and nobody has to read it.
  epoll_event wake{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &wake) != 0) return FailErrno("epoll_ctl");
  return {};
}

Loop::~Loop() {
  {
    const CurrentScope scope(this);
    // What is destroyed here may retire more.
    const auto discard = [this] {
      mailbox_.Discard();
      while (!retired_.empty()) {
        const std::unique_ptr<Retirable> object = std::move(retired_.front());
        retired_.pop_front();
      }
    };
    discard();
    uv_.reset();
    discard();
    WakeOthers();
  }
  close(wake_fd_);
  close(epoll_fd_);
}

void Loop::Stop() {
  stop_.store(true, std::memory_order_relaxed);
  TM_ASSERT(eventfd_write(wake_fd_, 1) == 0);
}

bool Loop::IsCurrent() const { return current_loop == this; }

Loop* Loop::Current() { return current_loop; }

void Loop::AssertOnLoop() const { TM_ASSERT(IsCurrent() || !running_.load(std::memory_order_relaxed)); }

void Loop::Run() {
  const CurrentScope scope(this);
  metrics::SetSlot(index_ + 1);
  running_.store(true, std::memory_order_relaxed);
  meter_.Begin();
  while (!stop_.load(std::memory_order_relaxed)) Turn(std::nullopt);
  // What they refer to may end before the loop does.
  while (!retired_.empty()) FinishTurn();
  running_.store(false, std::memory_order_relaxed);
  stop_.store(false, std::memory_order_relaxed);
  FrameMemory::Drop();
}

void Loop::RunOnce(Duration wait) {
  const CurrentScope scope(this);
  Turn(wait);
}

void Loop::Turn(std::optional<Duration> wait_max) {
  uv_->RunIfTouched();
  WakeOthers();
  // Edges are told once: those that the turn before did not come to are first.
  if (batch_->empty()) Wait(wait_max);
  shares_.BeginTurn();
  now_ = clock_->Now();
  for (const auto& [rank, hook] : std::exchange(armed_for_next_, {})) ArmTurnEnd(rank, *hook);
  // Who arms itself from here on is of the turn after this.
  const std::size_t next = next_turn_.size();
  const std::size_t behind = behind_.size();
  RunMailbox();
  RunNextTurn(next);
  RunEvents();
  RunBehind(behind);
  uv_->RunIfDue();
  RunTimers();
  WakeOthers();
  FinishTurn();
  WakeOthers();
  const Micros took = shares_.EndTurn();
  meter_.EndTurn(took, shares_.longest_piece());
}

void Loop::Wait(std::optional<Duration> wait_max) {
  int wait_ms = WaitMs(wait_max);
  if (wait_ms != 0 && !mailbox_.BeginSleep()) wait_ms = 0;
  const int count = epoll_wait(epoll_fd_, batch_->events, kEventsPerTurn, wait_ms);
  if (wait_ms != 0) mailbox_.EndSleep();
  TM_ASSERT(count >= 0 || errno == EINTR);
  batch_->begin = 0;
  batch_->end = static_cast<std::size_t>(std::max(count, 0));
}

void Loop::PostMessage(std::unique_ptr<Message> message) {
  mailbox_.Post(std::move(message));
  if (current_loop == nullptr) {
    LateWakes* const late = LateWakes::current_;
    return late != nullptr ? late->Add(*this) : mailbox_.Wake();
  }
  if (current_loop == this) return;
  std::vector<Loop*>& to_wake = current_loop->to_wake_;
  if (std::ranges::find(to_wake, this) == to_wake.end()) to_wake.push_back(this);
}

thread_local constinit LateWakes* LateWakes::current_ = nullptr;

void LateWakes::Add(Loop& loop) {
  if (std::ranges::find(loops_, &loop) == loops_.end()) loops_.push_back(&loop);
}

void LateWakes::Flush() {
  for (Loop* const loop : loops_) loop->mailbox_.Wake();
  loops_.clear();
}

void Loop::WakeOthers() {
  for (Loop* const loop : to_wake_) loop->mailbox_.Wake();
  to_wake_.clear();
}

int Loop::WaitMs(std::optional<Duration> wait_max) const {
  if (!next_turn_.empty() || !behind_.empty() || !armed_.empty() || !armed_for_next_.empty() ||
      !retired_.empty() || mailbox_.depth() > 0) {
    return 0;
  }
  std::int64_t wait_ms = wait_max ? wait_max->ms : -1;
  const auto at_most = [&wait_ms](Duration left) {
    const std::int64_t left_ms = std::max<std::int64_t>(left.ms, 0);
    wait_ms = wait_ms < 0 ? left_ms : std::min(wait_ms, left_ms);
  };
  if (const auto next = timers_.NextCheck()) at_most(*next - clock_->Now());
  if (const auto due = uv_->due()) at_most(*due - SystemClock().Now());
  return static_cast<int>(std::min<std::int64_t>(wait_ms, 60'000));
}

void Loop::RunMailbox() {
  shares_.BeginPhase("mailbox", TurnLimits::kMailbox);
  mailbox_.Drain([this](Message& message) {
    shares_.BeginCallback(message);
    message.Run();
    return shares_.MayGoOn();
  });
}

void Loop::RunNextTurn(std::size_t count) {
  shares_.BeginPhase("next turn", TurnLimits::kNextTurn);
  for (; count > 0; --count) {
    if (RunArmed(next_turn_) && !shares_.MayGoOn()) return;
  }
}

void Loop::RunEvents() {
  shares_.BeginPhase("sockets", TurnLimits::kEvents);
  while (!batch_->empty()) {
    const epoll_event& event = batch_->events[batch_->begin++];
    if (event.data.ptr == nullptr) continue;
    Pollable& pollable = *static_cast<Pollable*>(event.data.ptr);
    shares_.BeginCallback(pollable);
    pollable.OnReady(event.events);
    if (!shares_.MayGoOn()) return;
  }
}

void Loop::RunBehind(std::size_t count) {
  if (count == 0) return;
  shares_.BeginPhase("behind", TurnLimits::kBehind);
  for (; count > 0; --count) {
    if (!RunArmed(behind_)) continue;
    shares_.LookSoon();
    if (!shares_.MayGoOn()) return;
  }
}

// Gives the first of `armed` its turn, unless that was taken back.
bool Loop::RunArmed(std::deque<Pollable*>& armed) {
  Pollable* const pollable = armed.front();
  armed.pop_front();
  if (pollable == nullptr) return false;
  pollable->armed_ = false;
  shares_.BeginCallback(*pollable);
  pollable->OnReady(0);
  return true;
}

void Loop::RunTimers() {
  shares_.BeginPhase("timers", TurnLimits::kTimers);
  timers_.Advance(now_, [this](Timer& timer) {
    shares_.BeginCallback(timer);
    timer.OnTimer();
    return shares_.MayGoOn();
  });
}

// A hook or a destructor may arm hooks and retire objects: all of that is part of this turn, while it lasts.
void Loop::FinishTurn() {
  do {
    RunHooks();
  } while (!retired_.empty() && DestroyRetired());
  RunHooks();
}

void Loop::RunHooks() {
  if (armed_.empty()) return;
  shares_.BeginPhase("turn end", 0);
  while (!armed_.empty()) {
    const auto first = std::ranges::min_element(armed_, {}, &std::pair<TurnEndRank, TurnEndHook*>::first);
    TurnEndHook* const hook = first->second;
    armed_.erase(first);
    shares_.BeginCallback(*hook);
    hook->OnTurnEnd();
    shares_.MayGoOn();
  }
}

// False: the rest is for the next turn.
bool Loop::DestroyRetired() {
  shares_.BeginPhase("destruction", 0);
  TurnSlice slice = BeginSlice(HookShare());
  while (!retired_.empty()) {
    // Out of the queue first: its destructor may retire others.
    std::unique_ptr<Retirable> object = std::move(retired_.front());
    retired_.pop_front();
    shares_.BeginCallback(*object);
    object.reset();
    if (slice.IsOver()) return false;
  }
  return true;
}

Result<void> Loop::Watch(int fd, std::uint32_t epoll_events, Pollable& pollable) {
  AssertOnLoop();
  epoll_event event{.events = epoll_events, .data = {.ptr = &pollable}};
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0) return FailErrno("epoll_ctl");
  return {};
}

void Loop::Unwatch(int fd, Pollable& pollable) {
  AssertOnLoop();
  epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
  for (std::size_t i = batch_->begin; i < batch_->end; ++i) {
    if (batch_->events[i].data.ptr == &pollable) batch_->events[i].data.ptr = nullptr;
  }
  Disarm(pollable);
}

void Loop::ArmNextTurn(Pollable& pollable) {
  AssertOnLoop();
  if (!std::exchange(pollable.armed_, true)) next_turn_.push_back(&pollable);
}

void Loop::ArmBehind(Pollable& pollable) {
  AssertOnLoop();
  if (!std::exchange(pollable.armed_, true)) behind_.push_back(&pollable);
}

void Loop::Disarm(Pollable& pollable) {
  AssertOnLoop();
  if (!std::exchange(pollable.armed_, false)) return;
  std::ranges::replace(next_turn_, &pollable, nullptr);
  std::ranges::replace(behind_, &pollable, nullptr);
}

void Loop::ArmTurnEnd(TurnEndRank rank, TurnEndHook& hook) {
  AssertOnLoop();
  const auto is_hook = [&hook](const auto& armed) { return armed.second == &hook; };
  if (std::ranges::none_of(armed_, is_hook)) armed_.emplace_back(rank, &hook);
}

void Loop::ArmNextTurnEnd(TurnEndRank rank, TurnEndHook& hook) {
  AssertOnLoop();
  armed_for_next_.emplace_back(rank, &hook);
}

void Loop::DisarmTurnEnd(TurnEndHook& hook) {
  AssertOnLoop();
  const auto is_hook = [&hook](const auto& armed) { return armed.second == &hook; };
  std::erase_if(armed_, is_hook);
  std::erase_if(armed_for_next_, is_hook);
}

void Loop::Retire(std::unique_ptr<Retirable> object) {
  AssertOnLoop();
  object->OnRetire();
  retired_.push_back(std::move(object));
}

uv_loop_s* Loop::uv() {
  AssertOnLoop();
  return uv_->ForSubmission();
}

void AssertNotOnLoop() {
#ifndef NDEBUG
  TM_ASSERT(Loop::Current() == nullptr);
#endif
}

}  // namespace tidemill::net
