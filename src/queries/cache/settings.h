// Settings of the cache of answers: queries.cache.
#pragma once

#include <cstdint>
#include <vector>

#include "config/secret.h"
#include "config/section_fwd.h"

namespace tidemill::queries {

struct CacheSettings {
  std::uint64_t size = 64u << 20;                   // bytes of all answers
  std::uint32_t entry_max = 1u << 20;               // bytes of one
  bool redis = false;                               // nodes share them
  std::vector<config::StoreAddress> redis_address;  // empty: broker.redis
  friend bool operator==(const CacheSettings&, const CacheSettings&) = default;
};

config::Section<CacheSettings> CacheSection();

}  // namespace tidemill::queries
