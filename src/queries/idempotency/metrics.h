// What /metrics shows of writes with an Idempotency-Key. Any thread.
#pragma once

#include "metrics/metrics.h"

namespace tidemill::queries {

struct IdempotencyMetrics {
  explicit IdempotencyMetrics(metrics::Registry& registry);

  metrics::Counter& first;
  metrics::Counter& replayed;
  metrics::Counter& other;      // the key came with another request
  metrics::Counter& under_way;  // the first had not ended
  metrics::Counter& deleted;    // that had expired
};

}  // namespace tidemill::queries
