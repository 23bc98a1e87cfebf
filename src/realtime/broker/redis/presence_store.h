// The PresenceStore in Redis, of one loop. An entry lives for `ttl`; the loop of its session renews it in
// time, in batches. The entries of a node that died are gone within `ttl`.
//
// Loop thread only.
#pragma once

#include <memory>

#include "base/clock.h"
#include "net/loop.h"
#include "realtime/broker/presence.h"
#include "realtime/broker/redis/keys.h"
#include "realtime/broker/redis/metrics.h"
#include "redis/client.h"

namespace tidemill::broker::redis_broker {

struct PresenceOptions {
  Duration ttl = Seconds(60);
  Duration renewal_interval = Seconds(27);  // less than ttl
};

// All must outlive it.
std::unique_ptr<PresenceStore> MakePresenceStore(net::Loop& loop, redis::Client& client, const Keys& keys,
                                                 PresenceOptions options, Metrics& metrics);

}  // namespace tidemill::broker::redis_broker
