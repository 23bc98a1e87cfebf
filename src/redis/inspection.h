// Inspection: what a server of Redis says of itself, for whoever looks for what is wrong. One connection for
// one look; nothing is kept and nothing is changed.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "redis/metrics.h"
#include "redis/options.h"

namespace tidemill::redis {

struct Inspection {
  std::string server;          // its address
  std::optional<Error> error;  // why it could not be asked; nothing below is known then

  std::string version;                 // "7.0.15"
  std::string mode;                    // "standalone", "cluster", "sentinel"
  std::string role;                    // "master", "slave", "sentinel"
  std::string user;                    // as whom this asks; "": it does not say
  std::uint64_t memory_max_bytes = 0;  // 0: no limit
  std::uint64_t memory_used_bytes = 0;
  std::string eviction_policy;  // "noeviction"
  std::string cluster_state;    // "ok", "fail"; "" where there is no cluster
  std::string primary;          // the address that a sentinel names
};

// Both take connect_timeout and io_timeout at most, and never fail but by `error`.
Task<Inspection> InspectServer(net::Loop& loop, Endpoint server, ConnectionOptions options, Metrics& metrics);
Task<Inspection> InspectSentinel(net::Loop& loop, Endpoint sentinel, std::string master_name,
                                 ConnectionOptions options, Metrics& metrics);

}  // namespace tidemill::redis
