// Caches: the cache of answers of a process, for all its loops, and its part in Redis if the settings say so.
//
// Made before the loops run; ends after they have stopped, and after whoever waits in a Cache.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "queries/cache/answer_store.h"
#include "queries/cache/cache.h"
#include "queries/cache/settings.h"
#include "redis/metrics.h"
#include "redis/settings.h"

namespace tidemill::queries {

class Caches {
 public:
  struct Options {
    CacheSettings settings;
    // With settings.redis: how to talk to it, and where to unless the settings say; by which id other nodes
    // know this one; what counts, null if nobody else in the process talks to a Redis.
    redis::RedisSettings redis;
    std::string node;
    redis::Metrics* redis_metrics = nullptr;
  };
  // `loops` in the order of their indexes. All borrowed outlive it. kInvalidArgument names the setting.
  static Result<std::unique_ptr<Caches>> Open(const std::vector<net::Loop*>& loops, const Options& options,
                                              metrics::Registry& registry);
  ~Caches();
  Caches(const Caches&) = delete;
  Caches& operator=(const Caches&) = delete;

  // On that loop only.
  Cache& OfLoop(std::size_t index);
  // Any thread.
  AnswerStore& store() { return store_; }

 private:
  struct Shard;
  class Redis;

  Caches(const CacheSettings& settings, metrics::Registry& registry);

  AnswerStore store_;
  std::unique_ptr<Redis> redis_;  // null: nodes share nothing
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace tidemill::queries
