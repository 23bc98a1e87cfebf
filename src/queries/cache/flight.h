// Flight: one fill of one key, and who waits for it. Single flight: there is at most one for a key that a
// request may join, in the whole process.
//
// Its mutable part is read and written under the lock of its shard only (answer_store.h).
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "base/result.h"
#include "queries/cache/answer.h"
#include "queries/cache/generations.h"
#include "queries/cache/key.h"
#include "queries/cache/policy.h"

namespace tidemill::queries {

class Cache;

struct Flight {
  const CacheKey key;
  const std::shared_ptr<const CachePolicy> policy;
  const SeenGenerations seen;  // read before the fill began
  Cache* const leader;         // whose loop runs the fill
  const bool refresh;          // begun for a stale answer: goes on although nobody waits

  struct Waiting {
    Cache* cache = nullptr;
    std::size_t requests = 0;
  };
  std::vector<Waiting> waiting{};
};

using FlightPtr = std::shared_ptr<Flight>;

}  // namespace tidemill::queries
