// What the HTTP servers and the outgoing client pools count.
#pragma once

#include <array>

#include "metrics/metrics.h"

namespace tidemill::http {

// One for all loops.
struct ServerMetrics {
  explicit ServerMetrics(metrics::Registry& registry);

  std::array<metrics::Counter*, 6> responses{};  // by status class; [0] unused
  metrics::Gauge& connections;
  metrics::Gauge& requests_in_flight;
  metrics::Counter& bytes_received;
  metrics::Counter& bytes_sent;
  metrics::Counter& timeouts;
  metrics::Counter& answer_timeouts;
  metrics::Counter& proxy_headers_refused;
};

// What the client pools count. One for all loops.
struct ClientMetrics {
  explicit ClientMetrics(metrics::Registry& registry);

  metrics::Gauge& connections;
  metrics::Gauge& waiting;
  metrics::Counter& refused;
  metrics::Counter& retries;
};

}  // namespace tidemill::http
