#include "queries/cache/caches.h"

#include "base/assert.h"

namespace tidemill::queries {

Caches::Caches(const std::vector<net::Loop*>& loops, const CacheSettings& settings,
               metrics::Registry& registry)
    : store_({.bytes_max = settings.size, .entry_bytes_max = settings.entry_max}, registry) {
  for (net::Loop* const loop : loops) {
    TM_ASSERT(loop->index() == caches_.size());
    caches_.push_back(std::make_unique<Cache>(*loop, store_));
  }
}

}  // namespace tidemill::queries
