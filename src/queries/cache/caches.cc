#include "queries/cache/caches.h"

#include <utility>

#include "base/assert.h"
#include "queries/cache/redis/change_follower.h"
#include "queries/cache/redis/keys.h"
#include "queries/cache/redis/redis_tier.h"
#include "redis/topology.h"

namespace tidemill::queries {

// What all loops share of Redis.
class Caches::Redis {
 public:
  static Result<std::unique_ptr<Redis>> Open(const Options& options, metrics::Registry& registry) {
    redis::RedisSettings settings = options.redis;
    if (!options.settings.redis_address.empty()) {
      settings.address = options.settings.redis_address;
      settings.cluster_address.clear();
      settings.sentinel_address.clear();
      settings.sentinel_master_name.clear();
    }
    TM_TRY_ASSIGN(auto topology, redis::OpenTopology(settings));
    return std::make_unique<Redis>(std::move(topology), options, registry);
  }
  Redis(std::unique_ptr<const redis::Topology> topology, const Options& options, metrics::Registry& registry)
      : topology_(std::move(topology)),
        own_metrics_(options.redis_metrics == nullptr ? std::make_unique<redis::Metrics>(registry) : nullptr),
        redis_metrics_(own_metrics_ ? *own_metrics_ : *options.redis_metrics),
        tier_metrics_(registry),
        tier_options_({.prefix = options.redis.prefix,
                       .sharded_pub_sub = topology_->sharded_pub_sub(),
                       .node = options.node}) {}

  std::unique_ptr<redis::Client> MakeClient(net::Loop& loop) const {
    return topology_->MakeClient(loop, redis_metrics_);
  }
  std::unique_ptr<RemoteTier> MakeTier(net::Loop& loop, redis::Client& client) {
    return redis_tier::MakeRedisTier(loop, client, unsent_, tier_options_, tier_metrics_);
  }
  // Hears the changes of other nodes, for all loops.
  void Follow(net::Loop& loop, Generations& generations) {
    follower_ = std::make_unique<redis_tier::ChangeFollower>(
        loop, generations, redis_tier::RedisKeys(tier_options_.prefix).Changes(), tier_options_.node,
        tier_metrics_);
    subscriber_ = topology_->MakeSubscriber(loop, *follower_, redis_metrics_);
    follower_->Follow(*subscriber_);
  }

 private:
  const std::unique_ptr<const redis::Topology> topology_;
  const std::unique_ptr<redis::Metrics> own_metrics_;
  redis::Metrics& redis_metrics_;
  redis_tier::RedisTierMetrics tier_metrics_;
  redis_tier::UnsentChanges unsent_;
  const redis_tier::RedisTierOptions tier_options_;
  std::unique_ptr<redis_tier::ChangeFollower> follower_;
  std::unique_ptr<redis::Subscriber> subscriber_;
};

struct Caches::Shard {
  std::unique_ptr<redis::Client> client;  // null, as the next: nodes share nothing
  std::unique_ptr<RemoteTier> remote;
  std::unique_ptr<Cache> cache;
};

Caches::Caches(const CacheSettings& settings, metrics::Registry& registry)
    : store_({.bytes_max = settings.size, .entry_bytes_max = settings.entry_max}, registry) {}

Caches::~Caches() = default;

Result<std::unique_ptr<Caches>> Caches::Open(const std::vector<net::Loop*>& loops, const Options& options,
                                             metrics::Registry& registry) {
  std::unique_ptr<Caches> caches(new Caches(options.settings, registry));
  if (options.settings.redis) {
    TM_TRY_ASSIGN(caches->redis_, Redis::Open(options, registry));
  }
  for (net::Loop* const loop : loops) {
    TM_ASSERT(loop->index() == caches->shards_.size());
    auto shard = std::make_unique<Shard>();
    if (caches->redis_) {
      shard->client = caches->redis_->MakeClient(*loop);
      shard->remote = caches->redis_->MakeTier(*loop, *shard->client);
    }
    shard->cache = std::make_unique<Cache>(*loop, caches->store_, shard->remote.get());
    caches->shards_.push_back(std::move(shard));
  }
  if (caches->redis_) caches->redis_->Follow(*loops.front(), caches->store_.generations());
  return caches;
}

Cache& Caches::OfLoop(std::size_t index) { return *shards_[index]->cache; }

}  // namespace tidemill::queries
