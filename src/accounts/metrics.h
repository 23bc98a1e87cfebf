// What is counted of accounts. Any thread; outlives the loops.
#pragma once

#include "metrics/metrics.h"

namespace tidemill::accounts {

struct Metrics {
  explicit Metrics(metrics::Registry& registry);

  metrics::Counter& logins;           // by outcome
  metrics::Counter& logins_wrong;     //
  metrics::Counter& logins_disabled;  //
  metrics::Counter& logins_throttled;
  metrics::Counter& cross_site_refused;
  metrics::Counter& hashes_refused;
  metrics::Counter& session_lookups;  // that asked the database
  metrics::Gauge& sessions_cached;
};

}  // namespace tidemill::accounts
