// The cluster's bus over Redis pub/sub: <prefix>.control for all, <prefix>.node.<id> for one.
//
// Loop 0 only, but for construction.
#pragma once

#include <memory>
#include <string>

#include "cluster/bus.h"
#include "net/loop.h"
#include "redis/metrics.h"
#include "redis/topology.h"

namespace tidemill::cluster {

class RedisBus : public Bus {
 public:
  // Subscribes, again and again until it succeeds. After SetEvents, before Cluster::Start.
  virtual void Start() = 0;
};

std::unique_ptr<RedisBus> MakeRedisBus(net::Loop& loop, const redis::Topology& topology,
                                       redis::Metrics& metrics, std::string prefix, NodeId self);

}  // namespace tidemill::cluster
