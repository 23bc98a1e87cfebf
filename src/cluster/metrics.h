// What /metrics shows of the cluster.
#pragma once

#include "metrics/metrics.h"

namespace tidemill::cluster {

struct ClusterMetrics {
  explicit ClusterMetrics(metrics::Registry& registry);

  metrics::Gauge& nodes;
  metrics::Gauge& waiting;
  metrics::Counter& messages_in;
  metrics::Counter& messages_out;
  metrics::Counter& malformed;
  metrics::Counter& refused;
  metrics::Counter& survey_timeouts;
  metrics::Counter& command_timeouts;
};

}  // namespace tidemill::cluster
