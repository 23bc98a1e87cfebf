// What is counted of the outbox. Gauges are this node's while it relays, and 0 while another node does.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "metrics/level.h"
#include "metrics/metrics.h"
#include "outbox/store.h"

namespace tidemill::outbox {

// Loop thread only. The registry asks it for as long as it lives: the registry's callbacks end with the node.
class Metrics {
 public:
  explicit Metrics(metrics::Registry& registry);

  void ShowRelaying(bool relays);
  void Show(const Depth& depth);
  void CountSent(std::string_view sink, Duration took);
  void CountFailed() { failed_.Add(); }
  void CountParked(std::size_t entries) { parked_total_.Add(entries); }

 private:
  metrics::Registry& registry_;
  metrics::Level waiting_;
  metrics::Level parked_;
  metrics::Level relaying_;
  metrics::Counter& failed_;
  metrics::Counter& parked_total_;
  metrics::Histogram& seconds_;
  std::atomic<std::int64_t> lag_ms_{0};
  std::map<std::string, metrics::Counter*, std::less<>> sent_;  // by sink
};

}  // namespace tidemill::outbox
