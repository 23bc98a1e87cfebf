// SharedRates: what users have sent of late, over all nodes.
//
// A node counts for itself first (UserRates): what it refuses need not be asked. What it lets through is
// asked about here, for all nodes together; while there is no answer, what the node counts holds. One of
// these per loop, that loop only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "metrics/metrics.h"
#include "net/loop.h"
#include "net/task.h"
#include "realtime/session/rate_limits.h"

namespace tidemill::redis {
class Client;
}

namespace tidemill::session {

class SharedRates {
 public:
  virtual ~SharedRates() = default;
  // As RateLimits::RefusedBy; nullopt also while there is no answer. The limits are of the settings that are
  // in force, and outlive the task.
  virtual Task<std::optional<std::string_view>> RefusedBy(std::string user, RateLimits::Chosen buckets,
                                                          const RateLimits& limits) = 0;
};

struct SharedRateMetrics {
  explicit SharedRateMetrics(metrics::Registry& registry);
  metrics::Counter& asked;
  metrics::Counter& unanswered;
};

// In the Redis of the broker. All are borrowed; `prefix` stands before each key.
std::unique_ptr<SharedRates> MakeRedisRates(net::Loop& loop, redis::Client& client, std::string prefix,
                                            SharedRateMetrics& metrics);

}  // namespace tidemill::session
