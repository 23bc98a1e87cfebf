// Metrics of attachments. Any thread, as its members say.
#pragma once

#include "metrics/metrics.h"

namespace tidemill::chat {

struct UploadMetrics {
  explicit UploadMetrics(metrics::Registry& registry);

  metrics::Counter& uploads;
  metrics::Counter& uploaded_bytes;
  metrics::Counter& refused_uploads;
  metrics::Gauge& uploads_under_way;
  metrics::Counter& downloads;
  metrics::Counter& removed_files;
  metrics::Counter& disk_failures;
};

}  // namespace tidemill::chat
