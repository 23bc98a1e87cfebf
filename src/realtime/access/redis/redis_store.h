// The store in Redis (docs/formats/redis-record.md, "Access").
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/clock.h"
#include "realtime/access/store.h"
#include "redis/client.h"

namespace tidemill::access {

struct RedisStoreOptions {
  std::string prefix = "tidemill";
  std::size_t entries_max = 100'000;
  const Clock& clock = SystemClock();
};

// `client` outlives it.
std::unique_ptr<Store> MakeRedisStore(redis::Client& client, RedisStoreOptions options);

}  // namespace tidemill::access
