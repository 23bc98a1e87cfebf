// Metrics of rooms. Any thread, as its members say.
#pragma once

#include "metrics/metrics.h"

namespace tidemill::chat {

struct RoomMetrics {
  explicit RoomMetrics(metrics::Registry& registry);

  metrics::Counter& messages;  // new ones
  metrics::Counter& repeated;  // sent again under the same client_msg_id
  metrics::Counter& batches;   // transactions of sends
  metrics::Histogram& batch_size;
  metrics::Counter& queue_full;
  metrics::Counter& doubts;         // writes of which it is not known whether they have happened
  metrics::Counter& visitors_full;  // who were refused: too many visit their room
  metrics::Gauge& open_rooms;
  metrics::Gauge& waiting;  // writes that wait for their room
};

}  // namespace tidemill::chat
