// Client and Subscriber over a Redis Cluster: one connection to each primary, keys and channels by hash slot.
//
// Both follow slots that move and primaries that are replaced, without being told; a command is sent again
// only where a node refused it (MOVED, ASK, TRYAGAIN, CLUSTERDOWN), at most for io_timeout, and then it is
// kUnavailable.
//
// Loop thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/loop.h"
#include "redis/client.h"
#include "redis/metrics.h"
#include "redis/options.h"
#include "redis/subscriber.h"
#include "redis/subscriber_link.h"

namespace tidemill::redis {

struct ClusterOptions {
  std::vector<Endpoint> seeds;  // some nodes; at least one
  ConnectionOptions connection;
  std::string prefix;  // of the key of a node's incarnation: "<prefix>.incarnation.{tag}"
  PubSub pub_sub = PubSub::kSharded;
};

std::unique_ptr<Client> MakeClusterClient(net::Loop& loop, ClusterOptions options, Metrics& metrics);

// A channel is subscribed to at the primary of its slot, also with PubSub::kPlain: so Barrier holds what it
// promises when the publisher works there too. When the slot moves, its channels are lost and then restored;
// with kPlain nobody tells, and it may take two seconds, in which messages come by way of the old node.
std::unique_ptr<Subscriber> MakeClusterSubscriber(net::Loop& loop, ClusterOptions options,
                                                  SubscriberEvents& events, Metrics& metrics);

}  // namespace tidemill::redis
