#include "realtime/broker/redis/redis_broker.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "net/async.h"
#include "realtime/broker/delivery.h"
#include "realtime/broker/occupancy_queue.h"
#include "realtime/broker/recovery.h"
#include "realtime/broker/redis/channel_follower.h"
#include "realtime/broker/redis/keys.h"
#include "realtime/broker/redis/map_store.h"
#include "realtime/broker/redis/map_sweeper.h"
#include "realtime/broker/redis/planted_bugs.h"
#include "realtime/broker/redis/presence_store.h"
#include "realtime/broker/redis/record.h"
#include "realtime/broker/redis/stream_store.h"
#include "realtime/broker/subscription_owner.h"

namespace tidemill::broker {
namespace {

using redis_broker::ChannelFollower;
using redis_broker::Keys;
using redis_broker::PlantedBugs;
using redis_broker::StreamStore;

// What the loops share; immutable.
struct Shared {
  Shared(RedisBrokerOptions given, redis_broker::Metrics& m)
      : options(std::move(given)), keys(options.prefix), bugs(options.plant_bug_for_test), metrics(m) {}

  const RedisBrokerOptions options;
  const Keys keys;
  const PlantedBugs bugs;
  redis_broker::Metrics& metrics;
};

// What one loop owns. Loop thread only, except what says any thread.
class Shard {
 public:
  Shard(net::Loop& l, const Shared& shared, const RedisConnections& connections,
        const std::vector<Delivery*>& deliveries)
      : loop(l),
        delivery(l, deliveries, shared.options.mailbox_messages_max),
        occupancy(l),
        client(connections.make_client(l)),
        store(*client, shared.keys, shared.options.sharded_pub_sub, shared.bugs),
        maps({*client, shared.keys, shared.bugs, shared.metrics, shared.options.sharded_pub_sub,
              shared.options.map}),
        sweeper(l, maps),
        follower(l, {delivery, occupancy, store, shared.keys, shared.bugs, shared.metrics, sweeper,
                     shared.options.position_check_delay, shared.options.subscribes_waiting_max}),
        subscriber(connections.make_subscriber(l, follower)) {
    follower.SetSubscriber(*subscriber);
  }

  net::Loop& loop;
  Delivery delivery;
  OccupancyQueue occupancy;
  const std::unique_ptr<redis::Client> client;
  StreamStore store;
  redis_broker::MapStore maps;
  redis_broker::MapSweeper sweeper;
  ChannelFollower follower;
  const std::unique_ptr<redis::Subscriber> subscriber;
};

class RedisBroker final : public Broker {
 public:
  RedisBroker(const std::vector<std::unique_ptr<Shard>>& shards, Shard& shard)
      : shards_(shards), shard_(shard) {}

  void SetEvents(BrokerEvents& events) override { shard_.delivery.SetEvents(events); }
  void SetOccupancyEvents(OccupancyEvents& events) override { shard_.occupancy.SetEvents(events); }

  Task<Result<PublishOutcome>> Publish(ChannelName channel, Publication publication,
                                       PublishOptions options) override {
    return shard_.store.Publish(std::move(channel), std::move(publication), std::move(options));
  }
  Task<Result<void>> PublishJoin(ChannelName channel, ClientInfo info) override {
    return shard_.store.PublishMessage(std::move(channel), redis_broker::EncodeJoinMessage(info));
  }
  Task<Result<void>> PublishLeave(ChannelName channel, ClientInfo info) override {
    return shard_.store.PublishMessage(std::move(channel), redis_broker::EncodeLeaveMessage(info));
  }

  Task<Result<SubscribeOutcome>> Subscribe(ChannelName channel, SubscribeOptions options) override {
    Shard& owner = OwnerOf(channel);
    const std::size_t here = shard_.loop.index();
    PendingSubscribe pending(owner.follower, channel, here);
    net::Reply<Result<SubscribeOutcome>> reply(shard_.loop);
    if (&owner == &shard_ && !shard_.delivery.handling()) {
      owner.follower.Subscribe(std::move(channel), std::move(options), here, pending.state(), reply.sender());
    } else {
      owner.loop.Post([&owner, c = std::move(channel), o = std::move(options), here, state = pending.state(),
                       sender = reply.sender()]() mutable {
        owner.follower.Subscribe(std::move(c), std::move(o), here, std::move(state), sender);
      });
    }
    auto outcome = co_await reply;
    pending.Complete();
    co_return outcome;
  }

  void Unsubscribe(const ChannelName& channel) override {
    Shard& owner = OwnerOf(channel);
    const std::size_t here = shard_.loop.index();
    if (&owner == &shard_) return owner.follower.Unsubscribe(channel, here);
    owner.loop.Post([&owner, c = channel, here] { owner.follower.Unsubscribe(c, here); });
  }

  Task<Result<HistoryOutcome>> History(ChannelName channel, HistoryQuery query,
                                       StreamSettings stream) override {
    if (!stream.enabled()) co_return HistoryOutcome{};
    redis_broker::ReadQuery read_query{
        .since = {}, .count = std::max(query.limit, -1), .reverse = query.reverse};
    if (query.since) read_query.since = query.since->offset;
    TM_CO_TRY_ASSIGN(StreamRead read,
                     co_await shard_.store.Read(std::move(channel), read_query, stream.meta_ttl));
    if (query.since && !SameEpoch(*query.since, read.top)) {
      co_return Fail(Errc::kUnrecoverablePosition, "the stream has another epoch");
    }
    co_return HistoryOutcome{.publications = std::move(read.publications), .top = std::move(read.top)};
  }

  Task<Result<void>> RemoveHistory(ChannelName channel) override {
    return shard_.store.Remove(std::move(channel));
  }

  Task<Result<std::vector<ChannelCount>>> Channels(std::string pattern) override {
    std::vector<SubscriptionOwner*> owners;
    for (const auto& shard : shards_) owners.push_back(&shard->follower);
    return ListChannels(shard_.loop, std::move(owners), std::move(pattern));
  }
  std::uint64_t SubscribedChannels() const override {
    std::uint64_t sum = 0;
    for (const auto& shard : shards_) sum += shard->follower.subscribed_channels();
    return sum;
  }

 private:
  Shard& OwnerOf(const ChannelName& channel) const { return *shards_[OwnerLoop(channel, shards_.size())]; }

  const std::vector<std::unique_ptr<Shard>>& shards_;
  Shard& shard_;
};

// A call goes to Redis from the loop that it is made on, which then watches the channel's keys.
class RedisMaps final : public MapBroker {
 public:
  explicit RedisMaps(Shard& shard) : shard_(shard) {}

  Task<Result<MapOutcome>> Publish(ChannelName channel, Publication publication,
                                   MapPublishOptions options) override {
    const Duration key_ttl = options.map.key_ttl;
    if (key_ttl.ms > 0) {
      // Others may be due earlier, and the condition may be about one of them.
      shard_.sweeper.FindOut(channel);
      shard_.sweeper.Watch(channel, key_ttl);
    }
    return shard_.maps.Publish(std::move(channel), std::move(publication), std::move(options));
  }
  Task<Result<MapOutcome>> Remove(ChannelName channel, std::string key, MapRemoveOptions options) override {
    return shard_.maps.Remove(std::move(channel), std::move(key), std::move(options));
  }
  Task<Result<MapPage>> ReadState(ChannelName channel, MapStateQuery query, MapSettings map) override {
    if (map.key_ttl.ms > 0) shard_.sweeper.FindOut(channel);
    return shard_.maps.ReadState(std::move(channel), std::move(query), map);
  }
  Task<Result<MapStats>> Stats(ChannelName channel) override { return shard_.maps.Stats(std::move(channel)); }
  Task<Result<void>> Clear(ChannelName channel) override { return shard_.maps.Clear(std::move(channel)); }

 private:
  Shard& shard_;
};

class Shards final : public RedisBrokerShards {
 public:
  Shards(const std::vector<net::Loop*>& loops, const RedisConnections& connections,
         RedisBrokerOptions options, redis_broker::Metrics& metrics)
      : shared_(std::move(options), metrics) {
    for (net::Loop* loop : loops) {
      TM_ASSERT(loop->index() == shards_.size());
      shards_.push_back(std::make_unique<Shard>(*loop, shared_, connections, deliveries_));
      deliveries_.push_back(&shards_.back()->delivery);
    }
    Shard& first = *shards_.front();
    probe_ = std::make_unique<redis_broker::HealthProbe>(
        first.loop, redis_broker::HealthProbe::Dependencies{.client = *first.client,
                                                            .subscriber = *first.subscriber,
                                                            .store = first.store,
                                                            .keys = shared_.keys});
  }

  LoopBroker TakeShard(std::size_t loop_index) override {
    Shard& shard = *shards_[loop_index];
    const redis_broker::PresenceOptions presence{
        .ttl = shared_.options.presence_ttl, .renewal_interval = shared_.options.presence_renewal_interval};
    return {.broker = std::make_unique<RedisBroker>(shards_, shard),
            .presence = redis_broker::MakePresenceStore(shard.loop, *shard.client, shared_.keys, presence,
                                                        shared_.metrics),
            .maps = std::make_unique<RedisMaps>(shard)};
  }

  redis::Client& client(std::size_t loop_index) override { return *shards_[loop_index]->client; }

  std::optional<MonotonicTime> down_since() const override {
    std::optional<MonotonicTime> earliest;
    for (const auto& shard : shards_) {
      for (const auto since : {shard->client->down_since(), shard->subscriber->down_since()}) {
        if (since && (!earliest || *since < *earliest)) earliest = since;
      }
    }
    return earliest;
  }

  redis_broker::ProbeState probe() const override { return probe_->state(); }

  std::uint64_t dropped() const override {
    std::uint64_t sum = 0;
    for (const auto& shard : shards_) sum += shard->delivery.dropped();
    return sum;
  }

  std::uint64_t channels() const override {
    std::uint64_t sum = 0;
    for (const auto& shard : shards_) sum += shard->follower.channels();
    return sum;
  }

 private:
  const Shared shared_;
  std::vector<Delivery*> deliveries_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<redis_broker::HealthProbe> probe_;  // on the first loop
};

}  // namespace

std::unique_ptr<RedisBrokerShards> MakeRedisBrokerShards(std::vector<net::Loop*> loops,
                                                         const RedisConnections& connections,
                                                         RedisBrokerOptions options,
                                                         redis_broker::Metrics& metrics) {
  return std::make_unique<Shards>(loops, connections, std::move(options), metrics);
}

}  // namespace tidemill::broker
