// What /metrics shows of endpoints made of .sql files. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "metrics/metrics.h"

namespace tidemill::queries {

// Of one endpoint, while it is served. Beyond the registry's limits endpoints share a series.
struct EndpointMetrics {
  std::array<metrics::Held<metrics::Counter>, 4> requests;  // by the status' first digit: 2, 3, 4, 5
  metrics::Held<metrics::Histogram> seconds;
  metrics::Held<metrics::Counter> rows;

  void Count(int status, std::int64_t micros);
};

class QueriesMetrics {
 public:
  explicit QueriesMetrics(metrics::Registry& registry);

  std::shared_ptr<EndpointMetrics> Open(const std::string& operation_id);

  metrics::Gauge& served;               // endpoints
  metrics::Gauge& broken;               //
  metrics::Counter& swaps;              // of catalogs
  metrics::Counter& describe_failures;  // the database could not be asked
  metrics::Histogram& describe_seconds;
  metrics::Counter& stale_statements;  // that the database takes no longer: it has changed
  metrics::Gauge& in_flight;
  metrics::Counter& refused_callers;  // 401 and 403
  metrics::Counter& refused_busy;     // over concurrency_per_endpoint, or too many writes
  metrics::Counter& refused_rate;     // @rate

 private:
  metrics::Registry& registry_;
};

}  // namespace tidemill::queries
