// NodeTable: the other nodes of the cluster that have sent a heartbeat.
//
// A node is live from its first heartbeat until it says that it leaves, or is silent for kSilence. A node
// that left is remembered for kSilence, because a heartbeat of it may still be on its way.
//
// No I/O, no clock of its own. Loop 0 only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/clock.h"
#include "cluster/bus.h"
#include "realtime/control/directory.h"

namespace tidemill::cluster {

class NodeTable {
 public:
  static constexpr std::size_t kNodesMax = 1000;
  static constexpr Duration kSilence = Seconds(10);

  enum class Heard : std::uint8_t { kNew, kKnown, kHasLeft, kFull };
  // A heartbeat has come. kFull: the node is not kept.
  Heard Hear(control::NodeInfo node, MonotonicTime now);
  // Any other message of the node has come.
  void Touch(const NodeId& id, MonotonicTime now);
  // The silence of every node begins now.
  void TouchAll(MonotonicTime now);
  // False: it was not live.
  bool Leave(const NodeId& id, MonotonicTime now);
  // Forgets the silent nodes; gives those that were live.
  std::vector<control::NodeInfo> Expire(MonotonicTime now);

  // The node did not answer in time. It is not in Responsive until a message of it comes.
  void Suspect(const NodeId& id);

  std::vector<NodeId> Live() const;
  std::vector<NodeId> Responsive() const;  // live and not suspected
  std::size_t live() const { return live_; }
  // Null unless it is live; until the next change.
  const control::NodeInfo* Find(const NodeId& id) const;

 private:
  struct Entry {
    control::NodeInfo info;
    MonotonicTime heard_at{};
    bool left = false;
    bool suspect = false;
  };

  std::map<NodeId, Entry> entries_;
  std::size_t live_ = 0;
};

}  // namespace tidemill::cluster
