// What processes use: CPU time and memory, from /proc.
#pragma once

#include <cstdint>
#include <vector>

namespace load {

struct Usage {
  std::int64_t cpu_ns =
      0;  // of all threads, with the kernel's network thread of the core the process is pinned to
  std::int64_t rss_bytes = 0;
  std::int64_t anonymous_bytes = 0;
};

// Of all these processes together.
Usage UsageOf(const std::vector<int>& pids, int core);

// CPU time of the load generator itself.
std::int64_t OwnCpu();

}  // namespace load
