// What /metrics shows of the folder of .sql files.
#pragma once

#include <array>

#include "metrics/metrics.h"
#include "queries/files/problem.h"

namespace tidemill::files {

struct FilesMetrics {
  explicit FilesMetrics(metrics::Registry& registry);

  metrics::Gauge& files;
  std::array<metrics::Gauge*, kProblemKinds> problems;  // by ProblemKind
  metrics::Counter& scans;
  metrics::Histogram& scan_seconds;
  metrics::Counter& overflows;
  metrics::Gauge& polling;
};

}  // namespace tidemill::files
