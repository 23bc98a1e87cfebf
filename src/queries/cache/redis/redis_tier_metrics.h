// What /metrics shows of the cache's part in Redis. Any thread.
#pragma once

#include "metrics/metrics.h"

namespace tidemill::queries::redis_tier {

struct RedisTierMetrics {
  explicit RedisTierMetrics(metrics::Registry& registry);

  // What Redis had for a query that was about to run.
  metrics::Counter& hits;
  metrics::Counter& misses;     // this node runs it
  metrics::Counter& impatient;  // another node ran it for too long
  metrics::Counter& skipped;    // not asked: it failed a moment ago, or has not heard of a change yet
  metrics::Counter& failures;   // commands that failed, or took too long
  metrics::Counter& kept;
  metrics::Counter& unkept;            // too many were on their way
  metrics::Counter& changes_sent;      // messages to other nodes
  metrics::Counter& changes_received;  // and of them
  metrics::Gauge& changes_unsent;      // tables and tags that other nodes have not been told of yet
  metrics::Gauge& following;           // 1: changes of other nodes are heard
};

}  // namespace tidemill::queries::redis_tier
