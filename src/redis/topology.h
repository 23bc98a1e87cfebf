// Topology: the kind of Redis that the settings name: one server, several that share the keys, a primary
// found by Sentinel, or a cluster. Makes a loop's connections to it.
//
// Immutable after opening; any thread.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "redis/client.h"
#include "redis/inspection.h"
#include "redis/metrics.h"
#include "redis/settings.h"
#include "redis/subscriber.h"

namespace tidemill::redis {

class Topology {
 public:
  virtual ~Topology() = default;

  // Both begin to connect at once. `loop`, `events` and `metrics` must outlive what is made.
  virtual std::unique_ptr<Client> MakeClient(net::Loop& loop, Metrics& metrics) const = 0;
  virtual std::unique_ptr<Subscriber> MakeSubscriber(net::Loop& loop, SubscriberEvents& events,
                                                     Metrics& metrics) const = 0;

  // Looks at each server that is configured and at the primaries that sentinels name.
  virtual Task<std::vector<Inspection>> Inspect(net::Loop& loop, Metrics& metrics) const = 0;

  // Whether Subscriber gets messages published with SPUBLISH, and not those with PUBLISH.
  virtual bool sharded_pub_sub() const = 0;
};

// kInvalidArgument names the setting and what is wrong with it: an address, the file of authorities.
Result<std::unique_ptr<const Topology>> OpenTopology(const redis::RedisSettings& settings);

}  // namespace tidemill::redis
