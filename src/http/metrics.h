// What the HTTP servers count. One for all loops.
#pragma once

#include <array>

#include "metrics/metrics.h"

namespace tidemill::http {

struct ServerMetrics {
  explicit ServerMetrics(metrics::Registry& registry);

  std::array<metrics::Counter*, 6> responses{};  // by status class; [0] unused
  metrics::Gauge& connections;
  metrics::Gauge& requests_in_flight;
  metrics::Counter& bytes_received;
  metrics::Counter& bytes_sent;
  metrics::Counter& timeouts;
};

}  // namespace tidemill::http
