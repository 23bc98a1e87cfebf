// A Locator that asks Redis Sentinel where the primary is.
//
// Sentinels are asked in turn, beginning with the one that answered last. An answer names other sentinels,
// which are asked too from then on. While OnMoved is set, one connection to a sentinel is subscribed to
// +switch-master, and opened to another sentinel when it is lost. A sentinel's answer is a hint: Link checks
// the server's own role.
//
// Loop thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/loop.h"
#include "redis/connection/locator.h"
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
