// The store in Redis (docs/formats/redis-record.md, "User status"): the nodes share it.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "realtime/status/store.h"
#include "redis/client.h"

namespace tidemill::status {

struct RedisStoreOptions {
  std::string prefix = "tidemill";
  StoreLimits limits;
  const Clock& clock = SystemClock();
};

// `client` outlives it.
std::unique_ptr<Store> MakeRedisStore(redis::Client& client, RedisStoreOptions options);

}  // namespace tidemill::status
