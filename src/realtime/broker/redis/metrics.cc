#include "realtime/broker/redis/metrics.h"

namespace tidemill::broker::redis_broker {

Metrics::Metrics(metrics::Registry& registry)
    : messages(registry.AddCounter("tidemill_redis_broker_messages_total",
                                   "Publications, joins and leaves taken from Redis.")),
      malformed(registry.AddCounter("tidemill_redis_broker_malformed_total",
                                    "Messages from Redis that could not be read, or of another version.")),
      gaps(registry.AddCounter("tidemill_redis_broker_gaps_total",
                               "Messages from Redis that did not follow the one before.")),
      catch_ups(registry.AddCounter("tidemill_redis_broker_catch_ups_total",
                                    "Times a stream was read to hand on what may have been missed.")),
      caught_up(registry.AddCounter("tidemill_redis_broker_caught_up_total",
                                    "Publications that were missed and handed on.")),
      streams_lost(registry.AddCounter("tidemill_redis_broker_streams_lost_total",
                                       "Streams whose subscribers had to recover anew.")),
      presence_renewed(registry.AddCounter("tidemill_redis_broker_presence_renewed_total",
                                           "Presence entries renewed in Redis.")),
      subscribes_refused(registry.AddCounter("tidemill_redis_broker_subscribes_refused_total",
                                             "Subscribes refused because too many waited for Redis.")),
      map_refused(registry.AddCounter("tidemill_redis_broker_map_refused_total",
                                      "Publishes refused because the map channel was full.")) {}

}  // namespace tidemill::broker::redis_broker
