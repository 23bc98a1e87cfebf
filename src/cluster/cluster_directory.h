// The directory of all nodes: this node's own, and the cluster.
#pragma once

#include <memory>

#include "net/loop.h"
#include "realtime/control/directory.h"

namespace tidemill::cluster {

class Cluster;

// For the loop `own`, whose directory of this node is `local`. All outlive it. A command is carried out here
// and on the other nodes at the same time; if both fail, the error is this node's.
std::unique_ptr<control::Directory> MakeClusterDirectory(net::Loop& own, control::Directory& local,
                                                         Cluster& cluster);

}  // namespace tidemill::cluster
