// Metrics of what is done later. Any thread, as its members say.
#pragma once

#include "metrics/metrics.h"

namespace tidemill::chat {

struct LaterMetrics {
  explicit LaterMetrics(metrics::Registry& registry);

  metrics::Counter& sent;     // scheduled messages
  metrics::Counter& refused;  // those whose author might not send them any more
  metrics::Counter& reminders;
};

}  // namespace tidemill::chat
