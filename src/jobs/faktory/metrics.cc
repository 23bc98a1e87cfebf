#include "jobs/faktory/metrics.h"

namespace tidemill::faktory {

ServerMetrics::ServerMetrics(metrics::Registry& registry)
    : connections(
          registry.AddGauge("tidemill_faktory_connections", "Open connections of workers and producers.")),
      buffers_bytes(registry.AddGauge("tidemill_faktory_buffers_bytes",
                                      "Commands that have not arrived whole, and answers not taken.")),
      commands(registry.AddCounter("tidemill_faktory_commands_total", "Commands, refused ones too.")),
      handshakes_refused(registry.AddCounter(
          "tidemill_faktory_handshakes_refused_total",
          "Connections closed for their HELLO: late, malformed, or with a wrong password.")),
      connections_refused(registry.AddCounter("tidemill_faktory_connections_refused_total",
                                              "Connections closed for jobs.faktory.connections_max.")),
      buffers_refused(registry.AddCounter("tidemill_faktory_buffers_refused_total",
                                          "Connections closed for jobs.faktory.buffers_bytes_max.")),
      stalled(registry.AddCounter("tidemill_faktory_stalled_total",
                                  "Connections closed since they did not take their answers.")) {}

}  // namespace tidemill::faktory
