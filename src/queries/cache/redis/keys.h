// RedisKeys: the names of the cache's keys and of its pub/sub channel in Redis (docs/formats/redis-cache.md).
//
// What a script uses together has one hash tag, and so one slot of a cluster.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace tidemill::queries::redis_tier {

class RedisKeys {
 public:
  explicit RedisKeys(std::string prefix) : prefix_(std::move(prefix)) {}

  std::string Generations() const { return prefix_ + ".cache.{generations}"; }
  std::string Changes() const { return prefix_ + ".cache.changes.{generations}"; }
  // `digest`: CacheKey::Digest.
  std::string Answer(std::string_view digest) const { return Of("answer", digest); }
  std::string Lock(std::string_view digest) const { return Of("lock", digest); }

 private:
  std::string Of(std::string_view kind, std::string_view digest) const {
    return prefix_ + ".cache." + std::string(kind) + ".{" + std::string(digest) + "}";
  }

  const std::string prefix_;
};

}  // namespace tidemill::queries::redis_tier
