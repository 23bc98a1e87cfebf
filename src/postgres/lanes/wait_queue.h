// WaitQueue: callers that wait for a place, first come, first served; at most so many, each for so long.
// Those of one statement leave a quarter of the queue to others.
//
// Loop thread only.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "net/loop.h"
#include "net/timer_wheel.h"
#include "postgres/metrics.h"
#include "sql/failure.h"

namespace tidemill::postgres {

struct WaitLimits {
  std::size_t waiting_max = 1000;
  Duration wait_max = Seconds(5);
  const char* awaited = "a connection to PostgreSQL";  // in messages

  // Callers of one statement.
  std::size_t same_max() const { return waiting_max - waiting_max / 4; }
};

// Of one caller; nullopt: as WaitLimits have it.
struct Patience {
  std::optional<MonotonicTime> deadline;  // then kTimeout
  std::optional<Duration> wait_max;       // then kBusy
  const void* statement = nullptr;        // the identity of what it waits with; null: of none
};

class WaitQueue {
 public:
  WaitQueue(net::Loop& loop, WaitLimits limits, Metrics& metrics)
      : loop_(loop), limits_(limits), metrics_(metrics) {}
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;
  ~WaitQueue();

  // co_await it: success when its turn has come; who is resumed takes the place at once. kTimeout: its
  // deadline passed. kBusy: too many wait, or it waited as long as it may. Destroying it leaves the queue.
  class [[nodiscard]] Wait final : private net::Timer {
   public:
    Wait(WaitQueue& queue, Patience patience);
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait() override { Leave(); }

    bool await_ready() const { return result_.has_value(); }
    void await_suspend(std::coroutine_handle<> awaiter) { awaiter_ = awaiter; }
    sql::Result<void> await_resume() { return *std::move(result_); }

   private:
    friend class WaitQueue;

    void OnTimer() override;
    void Leave();
    void Finish(sql::Result<void> result);

    WaitQueue* queue_;  // null: it has left
    std::list<Wait*>::iterator place_;
    const void* statement_ = nullptr;
    std::int64_t begun_us_ = 0;
    bool until_deadline_ = false;  // which comes before the end of wait_max
    std::optional<sql::Result<void>> result_;
    std::coroutine_handle<> awaiter_;
  };

  bool empty() const { return waits_.empty(); }
  std::size_t size() const { return waits_.size(); }
  // Its turn has come. Not empty.
  void WakeFirst();
  void FailAll(const sql::Failure& failure);

 private:
  // Why one more of the statement may not wait; "": it may.
  std::string WhyFull(const void* statement) const;

  net::Loop& loop_;
  const WaitLimits limits_;
  Metrics& metrics_;
  std::list<Wait*> waits_;
  std::unordered_map<const void*, std::size_t> of_statement_;  // of those that have one
};

}  // namespace tidemill::postgres
