// Metrics of the operations of chat. Any thread, as its members say.
#pragma once

#include <array>

#include "chat/api/operation.h"
#include "metrics/metrics.h"

namespace tidemill::chat {

struct ApiMetrics {
  explicit ApiMetrics(metrics::Registry& registry);

  void Count(const Outcome<Answer>& answer);

  metrics::Counter& calls;
  // By reason, in the order of Code.
  std::array<metrics::Counter*, 20> refused{};
};

}  // namespace tidemill::chat
