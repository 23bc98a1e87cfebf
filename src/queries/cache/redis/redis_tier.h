// The RemoteTier in Redis: answers with their TTL, a lock for each query, and generations of tables that all
// nodes share (docs/formats/redis-cache.md).
//
// What Redis does not do in `patience` it is not asked again for a while, and the cache goes on without it.
// What it was not told of changes it is told when it is there again.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "net/loop.h"
#include "queries/cache/redis/redis_tier_metrics.h"
#include "queries/cache/redis/unsent.h"
#include "queries/cache/remote_tier.h"
#include "redis/client.h"

namespace tidemill::queries::redis_tier {

struct RedisTierOptions {
  std::string prefix = "tidemill";
  bool sharded_pub_sub = false;
  std::string node;  // its id in messages
  // For an answer of Redis; and how long a node waits for the query of another one.
  Duration patience = Milliseconds(100);
  Duration pause_after_failure = Seconds(1);
  Duration lock_ttl = Seconds(10);  // of a node that dies with the lock
};

// All must outlive it.
std::unique_ptr<RemoteTier> MakeRedisTier(net::Loop& loop, redis::Client& client, UnsentChanges& unsent,
                                          RedisTierOptions options, RedisTierMetrics& metrics);

}  // namespace tidemill::queries::redis_tier
