// Caches: the cache of answers of a process, for all its loops.
//
// Made before the loops run; ends after they have stopped, and after whoever waits in a Cache.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "metrics/metrics.h"
#include "net/loop.h"
#include "queries/cache/answer_store.h"
#include "queries/cache/cache.h"
#include "queries/cache/settings.h"

namespace tidemill::queries {

class Caches {
 public:
  // `loops` in the order of their indexes, and the registry, outlive it.
  Caches(const std::vector<net::Loop*>& loops, const CacheSettings& settings, metrics::Registry& registry);

  // On that loop only.
  Cache& OfLoop(std::size_t index) { return *caches_[index]; }
  // Any thread.
  AnswerStore& store() { return store_; }

 private:
  AnswerStore store_;
  std::vector<std::unique_ptr<Cache>> caches_;
};

}  // namespace tidemill::queries
