// What the operating system knows of this process, as metrics: process_… by the usual names, from /proc/self.
#pragma once

#include <cstdint>
#include <optional>

#include "metrics/metrics.h"

namespace tidemill::metrics {

// How many descriptors this process has open, without walking /proc/self/fd: with thousands of connections
// that takes milliseconds, in which a loop does nothing else. The first is at once, and nullopt before Linux
// 6.2; the second asks for each number there may be, some 50 ns each, and gives -1 when it cannot.
std::optional<int> DescriptorsAsTold();
int DescriptorsByAsking();

// Memory that is really there; 0 when the system does not say.
std::uint64_t ResidentBytes();

// Resident memory, CPU seconds, open descriptors, start time.
void AddProcessMetrics(Registry& registry);

}  // namespace tidemill::metrics
