// The directory of all nodes: this node's own, and the cluster.
#pragma once

#include <memory>

#include "net/loop.h"
#include "realtime/control/directory.h"

namespace tidemill::cluster {

class Cluster;

// For the loop `own`, whose directory of this node is `local`. All outlive it. Commands are carried out here
// and elsewhere at the same time; an error of this node goes before one of others.
std::unique_ptr<control::Directory> MakeClusterDirectory(net::Loop& own, control::Directory& local,
                                                         Cluster& cluster);

}  // namespace tidemill::cluster
