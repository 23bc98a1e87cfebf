#include "events/metrics.h"

#include <string>
#include <string_view>

namespace tidemill::events {
namespace {

constexpr std::array<std::string_view, kLosses> kNames = {"queue_full", "user_share", "channels_max"};

}  // namespace

Metrics::Metrics(metrics::Registry& registry)
    : delivered(registry.AddCounter("tidemill_events_delivered_total",
                                    "Events of channels and connections that their endpoint has taken.")),
      requests_failed(registry.AddCounter("tidemill_events_failures_total",
                                          "Batches of events that were not taken, and are sent again.")),
      waiting(registry.AddGauge("tidemill_events_waiting", "Events that wait on this node.")),
      channels(registry.AddGauge("tidemill_events_channels",
                                 "Channels whose occupied and vacated events this node keeps track of.")) {
  for (std::size_t i = 0; i < kLosses; ++i) {
    lost[i] = &registry.AddCounter("tidemill_events_lost_total",
                                   "Events that will not be told, by the limit that was reached.",
                                   {{"reason", std::string(kNames[i])}});
  }
}

}  // namespace tidemill::events
