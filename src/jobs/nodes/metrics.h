// What is counted of the way to the node that owns the jobs.
#pragma once

#include "metrics/metrics.h"

namespace tidemill::nodes {

struct NodesMetrics {
  explicit NodesMetrics(metrics::Registry& registry);

  metrics::Gauge& relays;
  metrics::Gauge& buffers_bytes;
  metrics::Counter& relays_refused;
  metrics::Counter& forwarded;
  metrics::Counter& not_forwarded;
};

}  // namespace tidemill::nodes
