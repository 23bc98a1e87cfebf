// CachePolicy: how long an endpoint's answers are kept, who may share them, and what ends them sooner.
// Immutable; any thread.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "queries/cache/generations.h"
#include "queries/files/query.h"

namespace tidemill::queries {

struct CachePolicy {
  Duration ttl;
  Duration stale_while_revalidate;  // how much longer one is given while another is made; 0: not at all
  Duration missing_ttl;             // of "there is no such row" (404), which an outside write ends soon
  bool everybody = false;           // scope=public
  std::shared_ptr<const Dependencies> dependencies;  // never null
};

// Of a query's tag @cache and of the tables that it reads. Made once for each endpoint of a catalog.
std::shared_ptr<const CachePolicy> MakeCachePolicy(const files::Cache& cache,
                                                   std::span<const std::string> tables,
                                                   Generations& generations);

}  // namespace tidemill::queries
