#include "queries/live/metrics.h"

namespace tidemill::queries::live {

LiveMetrics::LiveMetrics(metrics::Registry& registry)
    : queries(registry.AddGauge("tidemill_live_queries", "Live queries that somebody follows.")),
      polled(registry.AddGauge("tidemill_live_queries_polled",
                               "Of them, those that are asked again and again.")),
      stale(registry.AddGauge("tidemill_live_queries_stale", "Of them, those that could not be asked anew.")),
      refreshes(registry.AddCounter("tidemill_live_refreshes_total", "How often live queries were asked.")),
      failed(registry.AddCounter("tidemill_live_refreshes_failed_total",
                                 "Of these, those that the database did not answer.")),
      not_visible(registry.AddCounter(
          "tidemill_live_refreshes_too_early_total",
          "Of these, those that did not see the transaction yet that they were asked for.")),
      published(registry.AddCounter("tidemill_live_changes_total", "Rows that were published, or removed.")),
      refused(registry.AddCounter("tidemill_live_refused_total", "Subscriptions that a limit has refused.")),
      streams(registry.AddGauge("tidemill_live_streams", "Event streams of live endpoints that are open.")),
      ended(registry.AddCounter("tidemill_live_ended_total", "Live queries that an error has ended.")),
      seconds(registry.AddHistogram("tidemill_live_refresh_seconds",
                                    "From asking a live query until its changes are published.",
                                    {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5})) {}

}  // namespace tidemill::queries::live
