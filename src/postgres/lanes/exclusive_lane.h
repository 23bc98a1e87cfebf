// ExclusiveLane: connections that are lent to one caller each: for transactions, streams, COPY and slow
// statements. Opened when they are wanted, closed when nobody uses them for long, or when they are old.
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "net/timer_wheel.h"
#include "postgres/connection/session.h"
#include "postgres/lanes/lane_options.h"
#include "postgres/lanes/wait_queue.h"

namespace tidemill::postgres {

class ExclusiveLane;

// A connection that is lent. Must not outlive the lane. Given back in whatever state it is: the lane cleans
// it, or ends it.
class Lease {
 public:
  Lease() = default;
  Lease(ExclusiveLane& lane, std::unique_ptr<Session> session) : lane_(&lane), session_(std::move(session)) {}
  Lease(Lease&& other) noexcept = default;
  Lease& operator=(Lease&& other) noexcept {
    Return();
    lane_ = other.lane_;
    session_ = std::move(other.session_);
    return *this;
  }
  ~Lease() { Return(); }

  explicit operator bool() const { return session_ != nullptr; }
  Session& operator*() const { return *session_; }
  Session* operator->() const { return session_.get(); }
  void Return();

 private:
  ExclusiveLane* lane_ = nullptr;
  std::unique_ptr<Session> session_;
};

class ExclusiveLane final : private net::Pollable, private net::Timer {
 public:
  ExclusiveLane(net::Loop& loop, SessionShared shared, LaneOptions options);
  ExclusiveLane(const ExclusiveLane&) = delete;
  ExclusiveLane& operator=(const ExclusiveLane&) = delete;
  ~ExclusiveLane();

  // kUnavailable: none can be opened. kLimitExceeded, kTimeout: as WaitQueue.
  Task<sql::Result<Lease>> Acquire(Patience patience);

  std::size_t in_use() const { return in_use_; }
  std::size_t idle() const { return idle_.size(); }
  std::size_t waiting() const { return queue_.size(); }

 private:
  friend class Lease;
  struct Idle {
    std::unique_ptr<Session> session;
    MonotonicTime since;
  };

  std::size_t count() const { return in_use_ + idle_.size() + opening_ + cleaning_; }
  std::unique_ptr<Session> TakeIdle();
  void OpenMore();
  Task<void> OpenOne();
  void GiveBack(std::unique_ptr<Session> session);
  Task<void> Clean(std::unique_ptr<Session> session);
  void Keep(std::unique_ptr<Session> session);
  MonotonicTime DueOf(const Idle& idle) const;
  void SweepBy(MonotonicTime at);
  void Sweep();
  void Pump();
  void OnReady(std::uint32_t) override { Pump(); }
  void OnTimer() override;

  net::Loop& loop_;
  const SessionShared shared_;
  const LaneOptions options_;
  WaitQueue queue_;
  std::vector<Idle> idle_;  // the one used last is last
  std::size_t in_use_ = 0;
  std::size_t opening_ = 0;
  std::size_t cleaning_ = 0;
  TaskScope scope_;  // last: its tasks refer to all above
};

}  // namespace tidemill::postgres
