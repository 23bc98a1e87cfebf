// SharedLane: a few connections on which many statements are in flight, each a transaction of its own. Each
// is opened again whenever it is lost, and made anew when it is old.
//
// Loop thread only.
#pragma once

#include <atomic>
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

class SharedLane final : private net::Pollable, private net::Timer {
 public:
  SharedLane(net::Loop& loop, SessionShared shared, LaneOptions options);
  SharedLane(const SharedLane&) = delete;
  SharedLane& operator=(const SharedLane&) = delete;
  ~SharedLane();

  // Begins to connect.
  void Start();
  // The answers, as Session::Execute. kUnavailable at once while no connection is up; kLimitExceeded and
  // kTimeout of WaitQueue while all are full. `run_us`, when given, gets how long it ran.
  Task<sql::Result<std::vector<Done>>> Execute(Ask ask, std::int64_t* run_us = nullptr);
  Task<sql::Result<Described>> Describe(sql::Statement statement);

  // Any thread. nullopt: at least one connection is up.
  std::optional<MonotonicTime> down_since() const;
  // Why the last attempt to connect failed.
  const std::string& last_failure() const { return last_failure_; }

 private:
  class Member;
  class Place;

  Member* Best() const;
  Task<sql::Result<Member*>> Acquire(std::optional<MonotonicTime> deadline);
  Task<void> StayConnected(Member& member);
  void NoteUp();
  void FreePlace(Member& member);
  void EndRetired();
  void OnReady(std::uint32_t) override;
  void OnTimer() override;

  net::Loop& loop_;
  const SessionShared shared_;
  const LaneOptions options_;
  WaitQueue queue_;
  std::vector<std::unique_ptr<Member>> members_;
  std::string last_failure_ = "not connected yet";
  bool complained_ = false;
  std::atomic<std::int64_t> down_since_ms_;  // negative: up
  TaskScope scope_;                          // last: its tasks refer to all above
};

}  // namespace tidemill::postgres
