#include "queries/cache/redis/redis_tier_metrics.h"

namespace tidemill::queries::redis_tier {
namespace {

metrics::Counter& Asked(metrics::Registry& registry, const char* result) {
  return registry.AddCounter("tidemill_query_cache_redis_asked_total",
                             "Queries about to run, by what Redis had for them.", {{"result", result}});
}

}  // namespace

RedisTierMetrics::RedisTierMetrics(metrics::Registry& registry)
    : hits(Asked(registry, "hit")),
      misses(Asked(registry, "miss")),
      impatient(Asked(registry, "impatient")),
      skipped(Asked(registry, "skipped")),
      failures(registry.AddCounter("tidemill_query_cache_redis_failures_total",
                                   "Commands of the cache that Redis did not do in time.")),
      kept(registry.AddCounter("tidemill_query_cache_redis_kept_total", "Answers put into Redis.")),
      unkept(registry.AddCounter("tidemill_query_cache_redis_unkept_total",
                                 "Answers not put into Redis: too many were on their way.")),
      changes_sent(registry.AddCounter("tidemill_query_cache_redis_changes_sent_total",
                                       "Messages to other nodes of what has changed.")),
      changes_received(registry.AddCounter("tidemill_query_cache_redis_changes_received_total",
                                           "Messages of other nodes of what has changed.")),
      changes_unsent(registry.AddGauge("tidemill_query_cache_redis_changes_unsent",
                                       "Tables and tags whose change other nodes have not been told.")),
      following(registry.AddGauge("tidemill_query_cache_redis_following",
                                  "1 while changes of other nodes are heard.")) {}

}  // namespace tidemill::queries::redis_tier
