// Membership: which other nodes are live, and this node's heartbeats to them.
//
// It sends a heartbeat each kHeartbeat and keeps the table of live nodes by theirs. While the bus is down no
// node is taken for dead, because none can be heard.
//
// Loop 0 only.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "cluster/messages.h"
#include "cluster/metrics.h"
#include "cluster/node_table.h"
#include "cluster/sender.h"
#include "net/task.h"
#include "net/timer_wheel.h"
#include "realtime/control/directory.h"

namespace tidemill::cluster {

class Membership final : private net::Timer {
 public:
  static constexpr Duration kHeartbeat = Seconds(3);
  // After the first heartbeat: by then the others have sent theirs.
  static constexpr Duration kIntroduction = Milliseconds(300);
  // How old the counts in a heartbeat may be: taking them visits every session.
  static constexpr Duration kCountsAge = Seconds(30);

  // All are borrowed. The sender's node is the uid in local.Nodes().
  Membership(Sender& sender, control::Directory& local, ClusterMetrics& metrics)
      : sender_(sender), local_(local), metrics_(metrics) {}

  void Start();
  // Says that this node ends.
  Task<Result<void>> Leave();

  // Waits until the other nodes have answered the first heartbeat: before that, none would seem to be there.
  Task<void> Introduced();
  // kUnavailable: the bus is down.
  Result<void> Reachable() const;

  void OnLost();
  void OnRestored();
  void OnHeartbeat(const NodeId& from, const Heartbeat& heartbeat);
  // False: the node was not live.
  bool OnLeft(const NodeId& from);

  NodeTable& table() { return table_; }
  // "name (id)", or the id of a node that is not known.
  std::string NameOf(const NodeId& node) const;
  // Suspects the nodes; kTimeout that says `what` and names them.
  Error Suspect(const std::set<NodeId>& missing, std::string_view what);

  // What this node says of itself, and what the local directory says now.
  const control::NodeInfo& own() const { return own_; }
  void SetOwn(const control::NodeInfo& own);

 private:
  void OnTimer() override;
  Task<void> Introduce();
  Task<void> TakeCounts();
  Task<void> SendHeartbeat();
  std::string OwnHeartbeat(bool hello) const;
  void CountNodes();

  Sender& sender_;
  control::Directory& local_;
  ClusterMetrics& metrics_;
  NodeTable table_;
  control::NodeInfo own_;
  MonotonicTime counted_at_{};
  MonotonicTime introduced_at_{};
  MonotonicTime ticked_at_{};
  std::int64_t nodes_counted_ = 0;
  std::int64_t ticks_ = 0;
  bool hello_due_ = true;
  bool sending_heartbeat_ = false;
  bool counting_ = false;
  bool lost_ = false;
  bool left_ = false;
};

}  // namespace tidemill::cluster
