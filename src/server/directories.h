// Directories: for each loop, the way to the sessions of all loops; with a bus, of all nodes.
//
// Made once the sessions' contexts are there, which outlive it. Main thread.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "cluster/cluster.h"
#include "realtime/control/directory.h"
#include "realtime/session/context.h"
#include "server/brokers.h"

namespace tidemill::server {

class Directories {
 public:
  // `contexts`: of the loops, in their order. Each is told its directory.
  Directories(std::vector<session::Context*> contexts, Brokers& brokers);

  control::Directory& ForLoop(std::size_t index) { return *contexts_[index]->directory; }
  // On loop 0; null for a node that is alone.
  cluster::Cluster* cluster() { return cluster_.get(); }

 private:
  const std::vector<session::Context*> contexts_;
  std::vector<std::unique_ptr<control::Directory>> of_node_;
  std::unique_ptr<cluster::Cluster> cluster_;
  std::vector<std::unique_ptr<control::Directory>> of_cluster_;  // empty for a node that is alone
};

}  // namespace tidemill::server
