// The Subscriber of a Redis Cluster: a channel is subscribed to at the primary of its slot, with
// PubSub::kPlain too. So Barrier keeps its promise for a publisher that publishes there.
//
// It follows slots that move and primaries that are replaced, without being told. When a slot moves, its
// channels are lost and then restored. With kPlain the old node says nothing of that: it may take two
// seconds, in which messages still come through the old node.
//
// Loop thread only.
#pragma once

#include <memory>

#include "net/loop.h"
#include "redis/cluster/options.h"
#include "redis/metrics.h"
#include "redis/subscriber.h"

namespace tidemill::redis {

// `loop`, `events` and `metrics` must outlive it.
std::unique_ptr<Subscriber> MakeClusterSubscriber(net::Loop& loop, ClusterOptions options,
                                                  SubscriberEvents& events, Metrics& metrics);

}  // namespace tidemill::redis
