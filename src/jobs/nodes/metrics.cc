#include "jobs/nodes/metrics.h"

namespace tidemill::nodes {

NodesMetrics::NodesMetrics(metrics::Registry& registry)
    : relays(registry.AddGauge("tidemill_jobs_relays",
                               "Connections of workers and producers that are relayed to the node that owns "
                               "the jobs.")),
      buffers_bytes(registry.AddGauge("tidemill_jobs_relay_buffers_bytes",
                                      "On the way through relays, and not taken yet.")),
      relays_refused(registry.AddCounter("tidemill_jobs_relays_refused_total",
                                         "Connections closed since the owner of the jobs did not take them, "
                                         "or for jobs.faktory.buffers_bytes_max.")),
      forwarded(registry.AddCounter("tidemill_jobs_forwarded_total",
                                    "Requests of the HTTP API forwarded to the node that owns the jobs.")),
      not_forwarded(registry.AddCounter("tidemill_jobs_forward_failures_total",
                                        "Of these, those that it did not answer.")) {}

}  // namespace tidemill::nodes
