// The Prometheus text exposition format, version 0.0.4.
#pragma once

#include <string>

#include "metrics/metrics.h"

namespace tidemill::metrics {

// Every family of the registry with its help and kind, and its series. Any thread.
std::string ToText(const Registry& registry);

}  // namespace tidemill::metrics
