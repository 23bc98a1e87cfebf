// ClusterMap: the slot map of a Redis Cluster, kept up to date by asking its nodes.
//
// It asks when the map is found wrong (MOVED), while a primary is away, and at intervals. A
// question is a short-lived connection; there is at most one at a time and one in 100 ms. A node that gives
// no answer is passed over for the next.
//
// Loop thread only, but for down_since.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/log_limit.h"
#include "net/loop.h"
#include "net/task_scope.h"
#include "redis/cluster/slot_map.h"
#include "redis/metrics.h"
#include "redis/options.h"

namespace tidemill::redis {

class ClusterMapObserver {
 public:
  // The primaries or the places of slots may be others than before.
  virtual void OnMapChanged() = 0;
  // Every 100 ms or so.
  virtual void OnTick() = 0;
  // Since when at least one of the primaries' connections is away.
  virtual std::optional<MonotonicTime> ConnectionsDownSince() const = 0;

 protected:
  ~ClusterMapObserver() = default;
};

struct ClusterMapOptions {
  std::vector<Endpoint> seeds;  // at least one
  ConnectionOptions connection;
  Duration refresh_interval = Seconds(30);  // while nothing is wrong
};

class ClusterMap final : private net::Timer {
 public:
  // All must outlive it.
  ClusterMap(net::Loop& loop, ClusterMapOptions options, ClusterMapObserver& observer, Metrics& metrics);

  void Start();
  const SlotMap& slots() const { return slots_; }

  // A node said so: taken over at once, and all the rest is asked for, of that node first.
  void OnMoved(const Redirection& redirection);
  // Something is wrong with the map.
  void Refresh() { wanted_ = true; }

  // Any thread. Since when the map is missing or has holes, or a connection is away.
  std::optional<MonotonicTime> down_since() const;

 private:
  void OnTimer() override;
  void NoteHealth();
  Task<void> AskAll();
  Task<Result<SlotMap>> Ask(Endpoint node);

  net::Loop& loop_;
  const ClusterMapOptions options_;
  ClusterMapObserver& observer_;
  Metrics& metrics_;
  SlotMap slots_;
  std::optional<Endpoint> ask_first_;
  std::size_t turn_ = 0;  // which node is asked first: each time another, so that one's error does not last
  bool wanted_ = true;
  MonotonicTime last_asked_{};
  std::optional<MonotonicTime> holes_since_;
  log::LogLimit complaints_{Seconds(10)};
  std::atomic<std::int64_t> down_since_ms_;  // kUp when nothing is
  TaskScope asking_;                         // last: its task refers to all above
};

}  // namespace tidemill::redis
