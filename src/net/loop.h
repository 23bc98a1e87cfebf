// Loop: one thread's event loop. Everything that is not immutable belongs to one loop and is touched there
// only.
//
// Sockets are polled by an epoll set of the loop's own, edge-triggered, and read and written by net::Stream
// directly; libuv is embedded in the same wait for what it does well: DNS, blocking work on a thread pool,
// file watching (docs/decisions/0001-epoll-with-libuv-embedded.md has the measurement).
//
// A turn: wait; mailbox; sockets; those who had more than their share of an earlier turn; timers; turn-end
// hooks (that is where everything queued is written, once); retired objects are destroyed, in order. A turn
// is short: what comes in beyond its limits (net/turn_shares.h), and what is to be destroyed, stays for the
// next, in order. All callbacks run on the loop's thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/mailbox.h"
#include "net/timer_wheel.h"
#include "net/turn_meter.h"
#include "net/turn_shares.h"
#include "net/turn_slice.h"

struct uv_loop_s;

namespace tidemill::net {

class StreamPool;

// Gets the epoll events of one descriptor.
class Pollable {
 public:
  // `epoll_events` is 0 for a turn asked for with ArmNextTurn or ArmBehind.
  virtual void OnReady(std::uint32_t epoll_events) = 0;

 protected:
  ~Pollable() = default;
  // A turn was asked for and has not come yet.
  bool armed() const { return armed_; }

 private:
  friend class Loop;
  bool armed_ = false;
};

// Runs at the end of each turn for which it was armed (Loop::ArmTurnEnd), in order of `rank`, low first.
class TurnEndHook {
 public:
  virtual void OnTurnEnd() = 0;

 protected:
  ~TurnEndHook() = default;
};

enum class TurnEndRank { kThreads, kFanOut, kStreams };

// What Loop::Retire can destroy at the end of the turn, or of a later one if there is very much of it.
class Retirable {
 public:
  virtual ~Retirable() = default;
  // Called at once by Retire: from here on the object must not call its owner.
  virtual void OnRetire() {}
};

struct LoopOptions {
  std::size_t index = 0;                       // 0 … loops-1
  std::size_t read_buffer_bytes = 256 * 1024;  // one for the whole loop
  const Clock* clock = nullptr;                // null: SystemClock()
  MicrosClock micros = MonotonicMicros;        // measures turns and shares
  MicrosClock cpu_micros = ThreadCpuMicros;
};

class Loop {
 public:
  static Result<std::unique_ptr<Loop>> Open(LoopOptions options);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Any thread.
  // Runs `function` on the loop, after everything this thread posted to it before.
  template <class F>
  void Post(F function) {
    PostMessage(std::make_unique<FunctionMessage<F>>(std::move(function)));
  }
  // A message of another loop wakes this one when that loop's callbacks have run, or its turn ends; one of
  // another thread at once, unless that has LateWakes.
  void PostMessage(std::unique_ptr<Message> message);
  std::size_t mailbox_depth() const { return mailbox_.depth(); }
  // Makes Run return at the end of the turn in which it is noticed.
  void Stop();
  bool IsCurrent() const;
  std::size_t index() const { return index_; }
  const Clock& clock() const { return *clock_; }

  // The loop of the calling thread; null outside Run.
  static Loop* Current();

  // Loop thread only (or before Run).
  void Run();
  // One turn, waiting at most `wait` for something to happen: for tests that drive a loop by hand.
  void RunOnce(Duration wait);
  MonotonicTime Now() const { return now_; }  // read once per turn
  TimerWheel& timers() { return timers_; }

  // Polls `fd` for `epoll_events`. kInternal with errno's text if the kernel refuses.
  Result<void> Watch(int fd, std::uint32_t epoll_events, Pollable& pollable);
  // No OnReady after this, not even for events already fetched.
  void Unwatch(int fd, Pollable& pollable);

  // Calls OnReady(0) in the next turn, which comes without waiting. Who is armed already stays where it is:
  // the call comes once. Unwatch and Disarm take it back.
  void ArmNextTurn(Pollable& pollable);
  // The same for who has had its share of this turn: the call comes behind all others, as soon as the time
  // that a turn has for such work reaches it. Each gets one call before any gets its second.
  void ArmBehind(Pollable& pollable);
  void Disarm(Pollable& pollable);

  // Whether the callback that runs now has used up its share of the turn: it should then leave the rest for
  // another one. Ask between two pieces of work; the time runs from the first call in each callback.
  bool ShareSpent(Micros share = TurnLimits::kShare) { return shares_.ShareSpent(share); }

  // Calls `hook` at the end of this turn; arming twice in a turn is the same as once.
  void ArmTurnEnd(TurnEndRank rank, TurnEndHook& hook);
  // Calls it at the end of the next turn, which comes without waiting: for the rest of long work.
  void ArmNextTurnEnd(TurnEndRank rank, TurnEndHook& hook);
  // What a hook may take of this turn from now on.
  Micros HookShare() { return shares_.HookShare(); }
  TurnSlice BeginSlice(Micros share) { return {shares_, share}; }
  void DisarmTurnEnd(TurnEndHook& hook);

  // Destroys the object when the turn ends, after all that were retired before it: so one may drop itself
  // inside its own callback. What takes longer than the turn has is left for the next; Run ends without any.
  void Retire(std::unique_ptr<Retirable> object);

  // Borrowed until the caller returns to the loop.
  std::span<char> read_buffer() { return read_buffer_; }
  // For submitting work; callbacks come in later turns. Call it for each submission: it notes that libuv has
  // something new to look at.
  uv_loop_s* uv();
  StreamPool& stream_pool() { return *stream_pool_; }

  // How long the turns are, waiting not counted.
  TurnMeter& meter() { return meter_; }

 private:
  friend class LateWakes;
  class Uv;
  struct Batch;  // the fetched events of the turn

  Loop(LoopOptions options, int epoll_fd, int wake_fd);
  Result<void> Start();
  void AssertOnLoop() const;
  void Turn(std::optional<Duration> wait_max);
  int WaitMs(std::optional<Duration> wait_max) const;
  void RunMailbox();
  void RunNextTurn(std::size_t count);
  void RunEvents();
  void RunBehind(std::size_t count);
  bool RunArmed(std::deque<Pollable*>& armed);
  void RunTimers();
  void FinishTurn();
  void RunHooks();
  bool DestroyRetired();
  void Wait(std::optional<Duration> wait_max);
  void WakeOthers();

  const std::size_t index_;
  const Clock* const clock_;
  const int epoll_fd_;
  const int wake_fd_;
  Mailbox mailbox_;
  TimerWheel timers_;
  MonotonicTime now_;
  std::vector<char> read_buffer_;
  std::unique_ptr<Batch> batch_;
  std::unique_ptr<Uv> uv_;
  std::unique_ptr<StreamPool> stream_pool_;
  // Armed, in order; null: disarmed.
  std::deque<Pollable*> next_turn_;
  std::deque<Pollable*> behind_;
  TurnShares shares_;
  TurnMeter meter_;
  using ArmedHooks = std::vector<std::pair<TurnEndRank, TurnEndHook*>>;
  ArmedHooks armed_;
  ArmedHooks armed_for_next_;
  std::deque<std::unique_ptr<Retirable>> retired_;
  std::vector<Loop*> to_wake_;  // got a message of this turn
  std::atomic<bool> running_{false};
  std::atomic<bool> stop_{false};
};

// Debug and test builds assert that nothing blocks a loop: call it where a call may block.
void AssertNotOnLoop();

}  // namespace tidemill::net
