#include "cluster/metrics.h"

namespace tidemill::cluster {

ClusterMetrics::ClusterMetrics(metrics::Registry& registry)
    : nodes(registry.AddGauge("tidemill_cluster_nodes", "Live nodes, this one among them.")),
      waiting(
          registry.AddGauge("tidemill_cluster_waiting", "Commands and surveys that wait for other nodes.")),
      messages_in(
          registry.AddCounter("tidemill_cluster_messages_total", "Control messages.", {{"direction", "in"}})),
      messages_out(registry.AddCounter("tidemill_cluster_messages_total", "Control messages.",
                                       {{"direction", "out"}})),
      malformed(registry.AddCounter("tidemill_cluster_malformed_messages_total",
                                    "Control messages that could not be read.")),
      refused(
          registry.AddCounter("tidemill_cluster_refused_total", "Commands, surveys and nodes over a limit.")),
      survey_timeouts(registry.AddCounter("tidemill_cluster_survey_timeouts_total",
                                          "Surveys that a node did not answer in time.")),
      command_timeouts(registry.AddCounter("tidemill_cluster_command_timeouts_total",
                                           "Commands that a node did not acknowledge in time.")) {}

}  // namespace tidemill::cluster
