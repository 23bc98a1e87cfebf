#include "queries/idempotency/metrics.h"

namespace tidemill::queries {
namespace {

metrics::Counter& Writes(metrics::Registry& registry, const char* result) {
  return registry.AddCounter("tidemill_query_idempotent_writes_total",
                             "Requests with an Idempotency-Key, by what came of the key.",
                             {{"result", result}});
}

}  // namespace

IdempotencyMetrics::IdempotencyMetrics(metrics::Registry& registry)
    : first(Writes(registry, "first")),
      replayed(Writes(registry, "replayed")),
      other(Writes(registry, "other")),
      under_way(Writes(registry, "under_way")),
      deleted(registry.AddCounter("tidemill_query_idempotent_answers_deleted_total",
                                  "Kept answers that had expired.")) {}

}  // namespace tidemill::queries
