// What /metrics shows of live queries. Any thread; the registry outlives it.
#pragma once

#include "metrics/metrics.h"

namespace tidemill::queries::live {

struct LiveMetrics {
  explicit LiveMetrics(metrics::Registry& registry);

  metrics::Gauge& queries;        // that somebody follows, or has just followed
  metrics::Gauge& polled;         // of them, whose changes cannot be noticed
  metrics::Gauge& stale;          // that could not be asked anew
  metrics::Counter& refreshes;    //
  metrics::Counter& failed;       // refreshes
  metrics::Counter& not_visible;  // refreshes that did not see what they were for yet
  metrics::Counter& published;    // rows, and removals
  metrics::Counter& refused;      // subscriptions, by a limit
  metrics::Gauge& streams;        // event streams that are open
  metrics::Counter& ended;        // with an error that their subscribers were told
  metrics::Histogram& seconds;    // of a refresh
};

}  // namespace tidemill::queries::live
