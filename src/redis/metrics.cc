#include "redis/metrics.h"

namespace tidemill::redis {

Metrics::Metrics(metrics::Registry& registry)
    : commands(registry.AddCounter("tidemill_redis_commands_total", "Commands sent to Redis.")),
      errors(
          registry.AddCounter("tidemill_redis_errors_total", "Commands that Redis answered with an error.")),
      refused(registry.AddCounter("tidemill_redis_refused_total",
                                  "Commands not sent: not connected, or too many wait.")),
      unanswered(registry.AddCounter("tidemill_redis_unanswered_total",
                                     "Commands whose connection ended before the answer.")),
      connects(registry.AddCounter("tidemill_redis_connects_total", "Connections made to Redis.")),
      disconnects(registry.AddCounter("tidemill_redis_disconnects_total", "Connections to Redis lost.")),
      messages(registry.AddCounter("tidemill_redis_messages_total", "Pub/sub messages taken from Redis.")),
      connections(registry.AddGauge("tidemill_redis_connections", "Connections to Redis that are up.")),
      seconds(registry.AddHistogram(
          "tidemill_redis_command_seconds", "Time from a command's sending to its answer.",
          {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5})),
      refusals(registry, SystemClock()) {}

}  // namespace tidemill::redis
