// What INFO answers: Faktory's members, which clients and monitors read by name. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "jobs/engine/engine.h"

namespace tidemill::faktory {

// The version of Faktory whose protocol this is; clients look at its first two numbers.
inline constexpr std::string_view kFaktoryVersion = "1.10.0";

struct ServerFacts {
  WallTime now;
  Duration uptime;
  std::string description;  // "Faktory"; tests of clients look for "Enterprise" in it
  std::string version;      // our own
  std::size_t connections = 0;
  std::uint64_t commands = 0;
  std::uint64_t memory_bytes = 0;
};

std::string InfoJson(const ServerFacts& server, const jobs::Counts& counts,
                     const std::vector<jobs::QueueView>& queues);

}  // namespace tidemill::faktory
