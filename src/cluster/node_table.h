// NodeTable: the other nodes of the cluster, as far as they were heard of.
//
// A node is live from its first heartbeat until it says that it left, or is silent for kSilence. What left is
// remembered for as long, because a heartbeat of it may still be on its way.
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
  // A heartbeat. kFull: it is not kept.
  Heard Hear(control::NodeInfo node, MonotonicTime now);
  // Anything else that the node said.
  void Touch(const NodeId& id, MonotonicTime now);
  // The next silence begins now, for all.
  void TouchAll(MonotonicTime now);
  // Whether it was live.
  bool Leave(const NodeId& id, MonotonicTime now);
  // Forgets who is silent; gives those that were live.
  std::vector<control::NodeInfo> Expire(MonotonicTime now);

  // It did not answer in time. Until it is heard of again it is not Responsive.
  void Suspect(const NodeId& id);

  std::vector<NodeId> Live() const;
  std::vector<NodeId> Responsive() const;  // of these, all but the suspects
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
