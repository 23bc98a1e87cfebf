#include "outbox/metrics.h"

#include <utility>

namespace tidemill::outbox {

Metrics::Metrics(metrics::Registry& registry)
    : registry_(registry),
      waiting_{registry.AddGauge("tidemill_outbox_entries", "Entries of the outbox, by state",
                                 {{"state", "waiting"}})},
      parked_{registry.AddGauge("tidemill_outbox_entries", "", {{"state", "parked"}})},
      relaying_{registry.AddGauge("tidemill_outbox_relaying", "1 on the node that relays the outbox")},
      failed_(registry.AddCounter("tidemill_outbox_failed_total",
                                  "Attempts after which an entry is tried again")),
      parked_total_(registry.AddCounter("tidemill_outbox_parked_total", "Entries that were parked")),
      seconds_(registry.AddHistogram("tidemill_outbox_seconds",
                                     "From the call that made an entry until it had left",
                                     {0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600})) {
  registry.AddCallback("tidemill_outbox_lag_seconds", "Age of the oldest entry that waits", {},
                       [this] { return static_cast<double>(lag_ms_.load()) / 1000; });
}

void Metrics::ShowRelaying(bool relays) {
  relaying_.Set(relays ? 1 : 0);
  if (relays) return;
  waiting_.Set(0);
  parked_.Set(0);
  lag_ms_ = 0;
}

void Metrics::Show(const Depth& depth) {
  waiting_.Set(static_cast<std::int64_t>(depth.waiting));
  parked_.Set(static_cast<std::int64_t>(depth.parked));
  lag_ms_ = depth.oldest ? std::max<std::int64_t>((depth.now - *depth.oldest).ms, 0) : 0;
}

void Metrics::CountSent(std::string_view sink, Duration took) {
  auto found = sent_.find(sink);
  if (found == sent_.end()) {
    metrics::Counter& counter = registry_.AddCounter("tidemill_outbox_sent_total", "Entries that have left",
                                                     {{"sink", std::string(sink)}});
    found = sent_.emplace(sink, &counter).first;
  }
  found->second->Add();
  seconds_.Observe(static_cast<double>(took.ms) / 1000);
}

}  // namespace tidemill::outbox
