// SharedLane: a few connections on which many statements are in flight, each a transaction of its own. Each
// is opened again whenever it is lost, and made anew when it is old, or when one statement holds up the
// others on it for long: they may move to another one, or another lane, if they read; if all do, the
// connection ends. A write keeps its connection to its end, as only that says what became of it; what was
// sent behind it and writes waits with it.
//
// Loop thread only.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "net/timer_wheel.h"
#include "postgres/connection/session.h"
#include "postgres/lanes/lane_options.h"
#include "postgres/lanes/wait_queue.h"

namespace tidemill::postgres {

class SharedLane final : private net::Pollable {
 public:
  SharedLane(net::Loop& loop, SessionShared shared, LaneOptions options);
  SharedLane(const SharedLane&) = delete;
  SharedLane& operator=(const SharedLane&) = delete;
  ~SharedLane();

  // Begins to connect.
  void Start();
  // A place on a connection, for one segment: whoever has it asks at once, and lets it go at the end. Empty
  // where somebody waits, all are full or stand still, or no connection is up.
  class Place;
  Place TryEnter();
  // kUnavailable at once while no connection is up; kLimitExceeded and kTimeout of WaitQueue while all are
  // full.
  Task<sql::Result<Place>> Enter(Patience patience);
  // On each connection that is up a statement holds up the others: whoever comes now goes elsewhere.
  bool StandsStill() const;
  Task<sql::Result<Described>> Describe(sql::Statement statement);

  // Any thread. nullopt: at least one connection is up.
  std::optional<MonotonicTime> down_since() const;
  // Why the last attempt to connect failed.
  const std::string& last_failure() const { return last_failure_; }

 private:
  class Member;
  // Runs while something is in flight.
  struct StallTimer final : net::Timer {
    explicit StallTimer(SharedLane& l) : lane(l) {}
    void OnTimer() override { lane.LookForStalls(); }
    SharedLane& lane;
  };
  // Runs until the next connection is old.
  struct AgeTimer final : net::Timer {
    explicit AgeTimer(SharedLane& l) : lane(l) {}
    void OnTimer() override { lane.RetireOld(); }
    SharedLane& lane;
  };

  Member* Best() const;
  Task<void> StayConnected(Member& member);
  void NoteUp();
  void FreePlace(Member& member);
  void EndRetired();
  void RetireOld();
  void LookForStalls();
  void Relieve(Member& member);
  Task<void> Replace(Member& member);
  void OnReady(std::uint32_t) override;

  net::Loop& loop_;
  const SessionShared shared_;
  const LaneOptions options_;
  WaitQueue queue_;
  std::vector<std::unique_ptr<Member>> members_;
  std::string last_failure_ = "not connected yet";
  bool complained_ = false;
  std::atomic<std::int64_t> down_since_ms_;  // negative: up
  StallTimer stall_timer_{*this};
  AgeTimer age_timer_{*this};
  TaskScope scope_;  // last: its tasks refer to all above
};

class SharedLane::Place {
 public:
  Place() = default;
  Place(Place&& other) noexcept : lane_(other.lane_), member_(std::exchange(other.member_, nullptr)) {}
  Place& operator=(Place&& other) noexcept {
    std::swap(lane_, other.lane_);
    std::swap(member_, other.member_);
    return *this;
  }
  ~Place() {
    if (member_) lane_->FreePlace(*member_);
  }

  explicit operator bool() const { return member_ != nullptr; }
  Session& session() const;

 private:
  friend class SharedLane;
  Place(SharedLane& lane, Member& member);

  SharedLane* lane_ = nullptr;
  Member* member_ = nullptr;
};

}  // namespace tidemill::postgres
