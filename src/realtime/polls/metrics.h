// What is counted of shared polls, over all loops. Calls to the service: tidemill_proxy_… with
// proxy="shared_poll_refresh".
#pragma once

#include "metrics/metrics.h"

namespace tidemill::polls {

struct PollMetrics {
  explicit PollMetrics(metrics::Registry& registry);
  metrics::Gauge& keys;
  metrics::Gauge& tracked;
  metrics::Gauge& data_bytes;
  metrics::Counter& polled;   // keys that were asked about
  metrics::Counter& changed;  // keys whose data were other ones
  metrics::Counter& keys_refused;
  metrics::Counter& tracked_refused;
  metrics::Counter& data_refused;
};

}  // namespace tidemill::polls
