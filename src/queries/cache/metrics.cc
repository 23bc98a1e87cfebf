#include "queries/cache/metrics.h"

namespace tidemill::queries {
namespace {

metrics::Counter& LookUps(metrics::Registry& registry, const char* result) {
  return registry.AddCounter("tidemill_query_cache_lookups_total", "Requests by what the cache had for them.",
                             {{"result", result}});
}

metrics::Counter& Unkept(metrics::Registry& registry, const char* reason) {
  return registry.AddCounter("tidemill_query_cache_unkept_total", "Answers that were given and not kept.",
                             {{"reason", reason}});
}

}  // namespace

CacheMetrics::CacheMetrics(metrics::Registry& registry)
    : hits(LookUps(registry, "hit")),
      stale(LookUps(registry, "stale")),
      misses(LookUps(registry, "miss")),
      joins(LookUps(registry, "joined")),
      not_modified(registry.AddCounter("tidemill_query_cache_not_modified_total",
                                       "Requests answered 304 from the cache.")),
      fills(registry.AddCounter("tidemill_query_cache_fills_total", "Queries run to fill the cache.")),
      fill_failures(registry.AddCounter("tidemill_query_cache_fill_failures_total", "Those that failed.")),
      fills_abandoned(registry.AddCounter("tidemill_query_cache_fills_abandoned_total",
                                          "Those cancelled because nobody waited for them any more.")),
      evictions(registry.AddCounter("tidemill_query_cache_evictions_total",
                                    "Answers that had to go to make room.")),
      invalidations(registry.AddCounter("tidemill_query_cache_invalidations_total",
                                        "Answers found that a write had ended.")),
      too_large(Unkept(registry, "too_large")),
      outdated(Unkept(registry, "outdated")) {}

}  // namespace tidemill::queries
