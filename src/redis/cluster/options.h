// What the Client and the Subscriber of a Redis Cluster need; immutable.
#pragma once

#include <string>
#include <vector>

#include "redis/connection/subscriber_link.h"
#include "redis/options.h"

namespace tidemill::redis {

struct ClusterOptions {
  std::vector<Endpoint> seeds;  // some nodes of the cluster; at least one
  ConnectionOptions connection;
  std::string prefix;  // of the key of a server's incarnation: "<prefix>.incarnation.{tag}"
  PubSub pub_sub = PubSub::kSharded;
};

}  // namespace tidemill::redis
