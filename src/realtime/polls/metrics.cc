#include "realtime/polls/metrics.h"

namespace tidemill::polls {
namespace {

metrics::Counter& Refused(metrics::Registry& registry, std::string_view limit) {
  return registry.AddCounter("tidemill_shared_poll_refused_total",
                             "Keys that were not tracked, and changes that were not taken, by the limit.",
                             {{"limit", std::string(limit)}});
}

}  // namespace

PollMetrics::PollMetrics(metrics::Registry& registry)
    : keys(registry.AddGauge("tidemill_shared_poll_keys",
                             "Different keys that clients of this node track, counted once per loop.")),
      tracked(registry.AddGauge("tidemill_shared_poll_tracked",
                                "Keys that clients of this node track, of each.")),
      data_bytes(registry.AddGauge("tidemill_shared_poll_data_bytes", "The newest data of these keys.")),
      polled(
          registry.AddCounter("tidemill_shared_poll_polled_total", "Keys that the service was asked about.")),
      changed(registry.AddCounter("tidemill_shared_poll_changed_total",
                                  "Of these, those whose data had changed, or that were removed.")),
      keys_refused(Refused(registry, "shared_poll.keys_max")),
      tracked_refused(Refused(registry, "shared_poll.tracked_max")),
      data_refused(Refused(registry, "shared_poll.data_max_size")) {}

}  // namespace tidemill::polls
