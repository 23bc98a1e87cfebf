// What /metrics shows of the connections to Redis, and what the log says of its refusals. One for all loops.
#pragma once

#include "metrics/metrics.h"
#include "redis/refusals.h"

namespace tidemill::redis {

struct Metrics {
  explicit Metrics(metrics::Registry& registry);
  metrics::Counter& commands;     // sent
  metrics::Counter& errors;       // error replies
  metrics::Counter& refused;      // commands not sent: not connected, or too many wait
  metrics::Counter& unanswered;   // sent, and the connection ended before the answer
  metrics::Counter& connects;     // connections made
  metrics::Counter& disconnects;  // connections lost
  metrics::Counter& messages;     // pub/sub messages received
  metrics::Gauge& connections;    // that are up
  metrics::Histogram& seconds;    // from a command's sending to its answer
  Refusals refusals;              // error replies, by kind
};

}  // namespace tidemill::redis
