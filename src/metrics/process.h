// What the operating system knows of this process, as metrics: process_… by the usual names, from /proc/self.
#pragma once

#include "metrics/metrics.h"

namespace tidemill::metrics {

// Resident memory, CPU seconds, open descriptors, start time.
void AddProcessMetrics(Registry& registry);

}  // namespace tidemill::metrics
