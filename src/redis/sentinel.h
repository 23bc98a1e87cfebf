// A Locator that asks Redis Sentinel where the primary is.
//
// Sentinels are asked in turn, the one that answered last first; each that answers tells of others, which are
// asked as well from then on. While somebody wants to know of moves, one connection to a sentinel is
// subscribed to +switch-master, and made again elsewhere when it is lost. What a sentinel says is a hint:
// Link looks at the server's own role.
//
// Loop thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/loop.h"
#include "redis/locator.h"
#include "redis/metrics.h"
#include "redis/options.h"

namespace tidemill::redis {

struct SentinelOptions {
  std::vector<Endpoint> sentinels;  // at least one
  std::string master_name;
  ConnectionOptions connection;  // to the sentinels; its database is not used
};

// `metrics` must outlive it.
std::unique_ptr<Locator> MakeSentinelLocator(net::Loop& loop, SentinelOptions options, Metrics& metrics);

}  // namespace tidemill::redis
