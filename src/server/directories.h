// Directories: for each loop, the way to the sessions of all loops; with a bus, of all nodes.
//
// Made once the sessions' contexts are there, which outlive it. Main thread.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "realtime/control/directory.h"
#include "realtime/session/context.h"

namespace tidemill::cluster {
class Cluster;
class RedisBus;
}  // namespace tidemill::cluster

namespace tidemill::server {

class Brokers;

class Directories {
 public:
  // `contexts`: of the loops, in their order. Each is told its directory.
  Directories(std::vector<session::Context*> contexts, Brokers& brokers);
  ~Directories();

  control::Directory& ForLoop(std::size_t index) { return *contexts_[index]->directory; }
  // Of this node alone.
  control::Directory& OfNode(std::size_t index) { return *of_node_[index]; }

  // Joins the other nodes when the loops run. Nothing for a node that is alone.
  void JoinCluster();
  // Says to them that this one ends, and waits until that is said.
  void LeaveCluster();

 private:
  const std::vector<session::Context*> contexts_;
  std::vector<std::unique_ptr<control::Directory>> of_node_;
  cluster::RedisBus* const bus_;                                 // null: no other nodes
  std::unique_ptr<cluster::Cluster> cluster_;                    // on loop 0
  std::vector<std::unique_ptr<control::Directory>> of_cluster_;  // empty for a node that is alone
};

}  // namespace tidemill::server
