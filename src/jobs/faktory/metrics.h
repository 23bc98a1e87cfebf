// What the Faktory server counts.
#pragma once

#include "metrics/metrics.h"

namespace tidemill::faktory {

struct ServerMetrics {
  explicit ServerMetrics(metrics::Registry& registry);

  metrics::Gauge& connections;
  metrics::Gauge& buffers_bytes;
  metrics::Counter& commands;
  metrics::Counter& handshakes_refused;
  metrics::Counter& connections_refused;  // there are too many
  metrics::Counter& buffers_refused;      // closed: no memory left for what it sends or does not take
  metrics::Counter& stalled;              // closed: it did not take its answers
};

}  // namespace tidemill::faktory
