// Worker: a thread with a mailbox, for work that blocks and must keep its order, as SQLite's writer does.
//
// It is apart from the blocking pool (RunBlocking), which DNS shares and which keeps no order. What a loop
// hands over runs in the order in which it was accepted, one at a time. What was accepted runs to its end,
// also when the task that waits for it is destroyed and when the worker stops: it must own what it touches.
//
// Run on any loop, depth from any thread. The worker ends before the loops it answers and after everybody who
// calls Run.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

#include "base/result.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/reply.h"
#include "net/task.h"

namespace tidemill::net {

struct WorkerOptions {
  std::string name = "worker";        // of the thread, as the system's tools show it; 15 bytes are kept
  std::size_t accepted_max = 10'000;  // waiting and running
};

namespace internal {

template <class R>
struct WorkResultOf {
  using Type = Result<R>;
};
template <class T>
struct WorkResultOf<Result<T>> {
  using Type = Result<T>;
};

}  // namespace internal

class Worker {
 public:
  // What Run gives for a function: its own Result, or a Result of what it returns.
  template <class F>
  using ResultOf = typename internal::WorkResultOf<std::invoke_result_t<F&>>::Type;

  // kInternal with errno's text if the kernel has no descriptor left.
  static Result<std::unique_ptr<Worker>> Start(WorkerOptions options);
  // Runs what was accepted and ends the thread; blocks meanwhile.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Runs `function` on the worker's thread and brings its result back to `loop`, which is the caller's.
  // kLimitExceeded: accepted_max are waiting; nothing was accepted.
  template <class F>
  Task<ResultOf<F>> Run(Loop& loop, F function) {
    Reply<ResultOf<F>> reply(loop);
    TM_CO_TRY(Accept(MakeWork([sender = reply.sender(), work = std::move(function), this]() mutable {
      auto result = Call(work);
      // Before the answer: a caller that has it sees that there is room again.
      accepted_.fetch_sub(1, std::memory_order_relaxed);
      sender.Send(std::move(result));
    })));
    co_return co_await reply;
  }

  // How much was accepted and has not come to its end: for a gauge.
  std::size_t depth() const { return accepted_.load(std::memory_order_relaxed); }

 private:
  Worker(WorkerOptions options, int wake_fd);

  template <class F>
  static ResultOf<F> Call(F& function) {
    if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
      function();
      return {};
    } else {
      return function();
    }
  }
  template <class F>
  static std::unique_ptr<Message> MakeWork(F function) {
    return std::make_unique<FunctionMessage<F>>(std::move(function));
  }

  Result<void> Accept(std::unique_ptr<Message> work);
  void Work();

  const WorkerOptions options_;
  const int wake_fd_;
  Mailbox mailbox_;
  std::atomic<std::size_t> accepted_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;  // last: it uses all above
};

}  // namespace tidemill::net
