// Metrics of what chat publishes. Any thread, as its members say.
#pragma once

#include "metrics/metrics.h"

namespace tidemill::chat {

struct DeliveryMetrics {
  explicit DeliveryMetrics(metrics::Registry& registry);

  metrics::Counter& published;
  metrics::Counter& dropped;             // the broker failed, or too many waited for it
  metrics::Counter& activity_sent;       // to one user
  metrics::Counter& activity_coalesced;  // a change of a room that a later one stood for
  metrics::Counter& typing_dropped;
  metrics::Counter& presence_coalesced;
};

}  // namespace tidemill::chat
