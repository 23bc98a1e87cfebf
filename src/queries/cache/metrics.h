// What /metrics shows of the cache. Any thread.
#pragma once

#include "metrics/metrics.h"

namespace tidemill::queries {

struct CacheMetrics {
  explicit CacheMetrics(metrics::Registry& registry);

  metrics::Counter& hits;
  metrics::Counter& stale;         // given although a newer one was being made
  metrics::Counter& misses;        // the first to ask: what it began is a fill
  metrics::Counter& joins;         // waited for the fill of another
  metrics::Counter& not_modified;  // 304
  metrics::Counter& fills;         // answers of the database, for misses and for stale ones
  metrics::Counter& fill_failures;
  metrics::Counter& fills_abandoned;  // nobody waited any more
  metrics::Counter& evictions;
  metrics::Counter& invalidations;  // found, but a table or tag had changed
  metrics::Counter& too_large;      // not kept: over queries.cache.entry_max
  metrics::Counter& outdated;       // not kept: a table or tag had changed during the query
};

}  // namespace tidemill::queries
