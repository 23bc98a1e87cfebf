// Loop: one thread's event loop. Everything that is not immutable belongs to one loop and is touched there
// only.
//
// Sockets are polled by an epoll set of the loop's own, edge-triggered, and read and written by net::Stream
// directly; libuv is embedded in the same wait for what it does well: DNS, blocking work on a thread pool,
// file watching (docs/decisions/0001-epoll-with-libuv-embedded.md has the measurement).
//
// A turn: wait; mailbox; sockets; timers; turn-end hooks (that is where everything queued is written, once);
// retired objects are destroyed. All callbacks run on the loop's thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/mailbox.h"
#include "net/timer_wheel.h"

struct uv_loop_s;

namespace tidemill::net {

class StreamPool;

// Gets the epoll events of one descriptor.
class Pollable {
 public:
  // `epoll_events` is 0 for a turn asked for with ArmNextTurn.
  virtual void OnReady(std::uint32_t epoll_events) = 0;

 protected:
  ~Pollable() = default;
};

// Runs at the end of each turn in which it was armed (Loop::ArmTurnEnd), in order of `rank`, low first.
class TurnEndHook {
 public:
  virtual void OnTurnEnd() = 0;

 protected:
  ~TurnEndHook() = default;
};

enum class TurnEndRank { kFanOut, kStreams };

// What Loop::Retire can destroy at the end of the turn.
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
  void PostMessage(std::unique_ptr<Message> message) { mailbox_.Post(std::move(message)); }
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

  // Calls OnReady(0) in the next turn, which comes without waiting: there is more to do than fits in this
  // one. Once for each time it was armed; Unwatch and DisarmNextTurn take all of them back.
  void ArmNextTurn(Pollable& pollable);
  void DisarmNextTurn(Pollable& pollable);

  // Calls `hook` at the end of this turn; arming twice in a turn is the same as once.
  void ArmTurnEnd(TurnEndRank rank, TurnEndHook& hook);
  void DisarmTurnEnd(TurnEndHook& hook);

  // Destroys the object when the turn ends, so that one may drop itself inside its own callback.
  void Retire(std::unique_ptr<Retirable> object);

  // Borrowed until the caller returns to the loop.
  std::span<char> read_buffer() { return read_buffer_; }
  // For submitting work; callbacks come in later turns. Call it for each submission: it notes that libuv has
  // something new to look at.
  uv_loop_s* uv();
  StreamPool& stream_pool() { return *stream_pool_; }

  // The longest work of a turn since the previous call, waiting not counted.
  std::int64_t TakeLongestTurnMicros() { return std::exchange(longest_turn_us_, 0); }

 private:
  class Uv;
  struct Batch;  // the fetched events of the turn

  Loop(LoopOptions options, int epoll_fd, int wake_fd);
  Result<void> Start();
  void AssertOnLoop() const;
  void Turn(std::optional<Duration> wait_max);
  int WaitMs(std::optional<Duration> wait_max) const;
  void RunReady();
  void FinishTurn();

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
  std::vector<Pollable*> next_turn_;
  std::vector<Pollable*> this_turn_;  // next_turn_ of the turn before
  std::vector<std::pair<TurnEndRank, TurnEndHook*>> armed_;
  std::vector<std::unique_ptr<Retirable>> retired_;
  std::int64_t longest_turn_us_ = 0;
  std::atomic<bool> running_{false};
  std::atomic<bool> stop_{false};
};

// Debug and test builds assert that nothing blocks a loop: call it where a call may block.
void AssertNotOnLoop();

}  // namespace tidemill::net
