#include "queries/cache/policy.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace tidemill::queries {
namespace {

constexpr Duration kMissingTtlMax = Seconds(10);

}  // namespace

std::shared_ptr<const CachePolicy> MakeCachePolicy(const files::Cache& cache,
                                                   std::span<const std::string> tables,
                                                   Generations& generations) {
  std::vector<std::string> names(tables.begin(), tables.end());
  names.insert(names.end(), cache.tags.begin(), cache.tags.end());
  return std::make_shared<const CachePolicy>(
      CachePolicy{.ttl = cache.ttl,
                  .stale_while_revalidate = cache.stale_while_revalidate.value_or(Duration{}),
                  .missing_ttl = std::min(cache.ttl, kMissingTtlMax),
                  .everybody = cache.scope.empty(),
                  .dependencies = generations.Depend(names)});
}

}  // namespace tidemill::queries
