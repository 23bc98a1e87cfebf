// What is counted of events.
#pragma once

#include <array>
#include <cstddef>

#include "metrics/metrics.h"

namespace tidemill::events {

// Why an event is not told.
enum class Loss : std::size_t {
  kQueueFull,  // channel.proxy.state.waiting_max
  kUserShare,  // one user has its share of that
  kChannels,   // channel.proxy.state.channels_max
};
inline constexpr std::size_t kLosses = 3;

struct Metrics {
  explicit Metrics(metrics::Registry& registry);
  metrics::Counter& delivered;  // to the operator's service
  metrics::Counter& requests_failed;
  metrics::Gauge& waiting;   // of this node
  metrics::Gauge& channels;  // that are known to be occupied, or were told to be
  std::array<metrics::Counter*, kLosses> lost{};
};

}  // namespace tidemill::events
