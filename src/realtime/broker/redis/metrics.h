// What /metrics shows of the broker on Redis.
#pragma once

#include "metrics/metrics.h"

namespace tidemill::broker::redis_broker {

struct Metrics {
  explicit Metrics(metrics::Registry& registry);
  metrics::Counter& messages;      // publications, joins and leaves received
  metrics::Counter& malformed;     // messages that could not be read
  metrics::Counter& gaps;          // messages that did not follow the one before
  metrics::Counter& catch_ups;     // reads of a stream for what may have been missed
  metrics::Counter& caught_up;     // missed publications that they delivered
  metrics::Counter& streams_lost;  // streams whose subscribers had to recover
  metrics::Counter& presence_renewed;
  metrics::Counter& subscribes_refused;  // because too many waited for Redis
  metrics::Counter& map_refused;         // publishes of keys over broker::MapLimits
};

}  // namespace tidemill::broker::redis_broker
