// The Client of a Redis Cluster: one connection to each primary; a command goes to the primary of its key's
// slot.
//
// It follows slots that move and primaries that are replaced, without being told. A command is sent again
// only where a node refused it (MOVED, ASK, TRYAGAIN, CLUSTERDOWN), for at most io_timeout; then it is
// kUnavailable.
//
// Loop thread only.
#pragma once

#include <memory>

#include "net/loop.h"
#include "redis/client.h"
#include "redis/cluster/options.h"
#include "redis/metrics.h"

namespace tidemill::redis {

// `loop` and `metrics` must outlive it.
std::unique_ptr<Client> MakeClusterClient(net::Loop& loop, ClusterOptions options, Metrics& metrics);

}  // namespace tidemill::redis
