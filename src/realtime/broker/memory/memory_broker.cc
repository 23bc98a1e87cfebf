#include "realtime/broker/memory/memory_broker.h"

#include <atomic>
#include <utility>

#include "base/assert.h"
#include "net/async.h"
#include "realtime/broker/delivery.h"
#include "realtime/broker/memory/channel_table.h"
#include "realtime/broker/memory/map_table.h"
#include "realtime/broker/occupancy_queue.h"
#include "realtime/broker/subscription_owner.h"

namespace tidemill::broker {
namespace {

using memory::ChannelTable;
using memory::MapTable;

// What one loop may take: its share of the broker's limits.
struct ShardLimits {
  memory::TableLimits table;
  MapLimits map;
};

class Shards;

// What one loop owns and how it is reached from others. Loop thread only, except loop().
class Shard final : public SubscriptionOwner, private memory::RemovalEvents {
 public:
  Shard(Shards& shards, net::Loop& loop, const std::vector<Delivery*>& deliveries, const ShardLimits& limits)
      : shards_(shards),
        loop_(loop),
        occupancy_(loop),
        table_(loop, occupancy_, limits.table),
        delivery_(loop, deliveries),
        maps_(loop, table_, *this, limits.map) {}

  net::Loop& loop() override { return loop_; }
  ChannelTable& table() { return table_; }
  const ChannelTable& table() const { return table_; }
  MapTable& maps() { return maps_; }
  const MapTable& maps() const { return maps_; }
  Delivery& delivery() { return delivery_; }
  OccupancyQueue& occupancy() { return occupancy_; }

  // Whether this loop may call `owner` at once instead of through its mailbox.
  bool MayCall(const Shard& owner) const { return &owner == this && !delivery_.handling(); }

  void Unsubscribe(const ChannelName& channel, std::size_t loop_index) override {
    table_.Unsubscribe(channel, loop_index);
  }
  void WalkOn(ChannelWalk& walk) const override { table_.WalkOn(walk); }
  std::uint64_t subscribed_channels() const override {
    return table_.stats().subscribed_channels.load(std::memory_order_relaxed);
  }

  // For a channel that this loop owns.
  Result<PublishOutcome> Publish(const ChannelName& channel, Publication publication,
                                 const PublishOptions& options);
  Result<void> Announce(const ChannelName& channel, ChannelEvent event);
  Result<MapOutcome> PublishKey(const ChannelName& channel, Publication publication,
                                const MapPublishOptions& options);
  Result<MapOutcome> RemoveKey(const ChannelName& channel, const std::string& key,
                               const MapRemoveOptions& options);
  Result<void> ClearMap(const ChannelName& channel);

 private:
  Result<void> CheckRoom(const SubscriptionCounts& subscriptions) const;
  Result<void> CheckRoom(const ChannelName& channel);
  void Deliver(const ChannelName& channel, ChannelEvent event);
  MapOutcome Deliver(const ChannelName& channel, MapTable::Changed changed);

  // memory::RemovalEvents
  bool HasRoom(const ChannelName& channel) override { return CheckRoom(channel).has_value(); }
  void OnRemoval(const ChannelName& channel, PublicationPtr removal) override {
    Deliver(channel, std::move(removal));
  }

  Shards& shards_;
  net::Loop& loop_;
  OccupancyQueue occupancy_;
  ChannelTable table_;
  Delivery delivery_;
  MapTable maps_;
};

class Shards final : public MemoryBrokerShards {
 public:
  Shards(std::vector<net::Loop*> loops, MemoryBrokerLimits limits);

  LoopBroker TakeShard(std::size_t loop_index) override;
  MemoryBrokerStats Stats() const override;
  void ReplaceLimits(MemoryBrokerLimits limits) override;

  Shard& shard(std::size_t index) const { return *shards_[index]; }
  Shard& OwnerOf(const ChannelName& channel) const;
  std::vector<SubscriptionOwner*> owners() const;
  bool HasRoom(net::Loop& loop) const {
    return loop.mailbox_depth() < mailbox_messages_max_.load(std::memory_order_relaxed);
  }
  ChannelTable::Growth PresenceGrowth() const;

 private:
  ShardLimits LimitsPerLoop(const MemoryBrokerLimits& limits) const;
  void Store(const MemoryBrokerLimits& limits);

  const std::size_t loops_;
  std::vector<Delivery*> deliveries_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::atomic<std::size_t> mailbox_messages_max_;
  std::atomic<std::size_t> presence_entries_max_;
  std::atomic<std::size_t> history_bytes_max_;
};

Result<PublishOutcome> Shard::Publish(const ChannelName& channel, Publication publication,
                                      const PublishOptions& options) {
  ChannelTable::Entry* entry = table_.Find(channel);
  if (entry) TM_TRY(CheckRoom(entry->second.subscriptions));
  TM_TRY_ASSIGN(ChannelTable::Published published,
                table_.Publish(entry, channel, std::move(publication), options));
  if (published.publication) Deliver(channel, std::move(published.publication));
  return std::move(published.outcome);
}

Result<void> Shard::Announce(const ChannelName& channel, ChannelEvent event) {
  TM_TRY(CheckRoom(channel));
  Deliver(channel, std::move(event));
  return {};
}

Result<MapOutcome> Shard::PublishKey(const ChannelName& channel, Publication publication,
                                     const MapPublishOptions& options) {
  TM_TRY(CheckRoom(channel));
  TM_TRY_ASSIGN(MapTable::Changed changed, maps_.Publish(channel, std::move(publication), options));
  return Deliver(channel, std::move(changed));
}

Result<MapOutcome> Shard::RemoveKey(const ChannelName& channel, const std::string& key,
                                    const MapRemoveOptions& options) {
  TM_TRY(CheckRoom(channel));
  TM_TRY_ASSIGN(MapTable::Changed changed, maps_.Remove(channel, key, options));
  return Deliver(channel, std::move(changed));
}

Result<void> Shard::ClearMap(const ChannelName& channel) {
  TM_TRY(CheckRoom(channel));
  maps_.Clear(channel);
  Deliver(channel, StreamLost{});
  return {};
}

void Shard::Deliver(const ChannelName& channel, ChannelEvent event) {
  const ChannelTable::Entry* const entry = table_.Find(channel);
  if (entry) delivery_.Deliver(entry->second.subscriptions, channel, std::move(event));
}

MapOutcome Shard::Deliver(const ChannelName& channel, MapTable::Changed changed) {
  if (changed.publication) Deliver(channel, std::move(changed.publication));
  return std::move(changed.outcome);
}

Result<void> Shard::CheckRoom(const ChannelName& channel) {
  const ChannelTable::Entry* const entry = table_.Find(channel);
  return entry ? CheckRoom(entry->second.subscriptions) : Result<void>();
}

Result<void> Shard::CheckRoom(const SubscriptionCounts& subscriptions) const {
  bool room = true;
  subscriptions.ForEachLoop([&](std::size_t index) {
    net::Loop& subscriber = shards_.shard(index).loop_;
    room = room && (&subscriber == &loop_ || shards_.HasRoom(subscriber));
  });
  if (!room) return Fail(Errc::kLimitExceeded, "a subscribed loop has mailbox_messages_max waiting");
  return {};
}

// Runs `function` with the owner's shard, on its loop.
template <class T, class F>
Task<T> Ask(net::Loop& asker, Shard& owner, F function) {
  return net::Ask<T>(asker, owner.loop(),
                     [&owner, ask = std::move(function)]() mutable { return ask(owner); });
}

std::unexpected<Error> FullMailbox() {
  return Fail(Errc::kLimitExceeded, "the channel's loop has mailbox_messages_max waiting");
}

class MemoryBroker final : public Broker {
 public:
  MemoryBroker(Shards& shards, Shard& shard) : shards_(shards), shard_(shard) {}

  void SetEvents(BrokerEvents& events) override { shard_.delivery().SetEvents(events); }
  void SetOccupancyEvents(OccupancyEvents& events) override { shard_.occupancy().SetEvents(events); }

  Task<Result<PublishOutcome>> Publish(ChannelName channel, Publication publication,
                                       PublishOptions options) override {
    Shard& owner = shards_.OwnerOf(channel);
    if (shard_.MayCall(owner)) co_return owner.Publish(channel, std::move(publication), options);
    if (!shards_.HasRoom(owner.loop())) co_return FullMailbox();
    co_return co_await Ask<Result<PublishOutcome>>(
        shard_.loop(), owner,
        [c = std::move(channel), p = std::move(publication), o = std::move(options)](Shard& there) mutable {
          return there.Publish(c, std::move(p), o);
        });
  }

  Task<Result<void>> PublishJoin(ChannelName channel, ClientInfo info) override {
    return Announce(std::move(channel), Join{std::move(info)});
  }
  Task<Result<void>> PublishLeave(ChannelName channel, ClientInfo info) override {
    return Announce(std::move(channel), Leave{std::move(info)});
  }

  Task<Result<SubscribeOutcome>> Subscribe(ChannelName channel, SubscribeOptions options) override {
    Shard& owner = shards_.OwnerOf(channel);
    const std::size_t here = shard_.loop().index();
    if (shard_.MayCall(owner)) co_return owner.table().Subscribe(channel, options, here);
    PendingSubscribe pending(owner, channel, here);
    auto outcome = co_await Ask<Result<SubscribeOutcome>>(
        shard_.loop(), owner,
        [c = std::move(channel), o = std::move(options), here, state = pending.state()](Shard& there) {
          state->subscribed = true;
          return Result<SubscribeOutcome>(there.table().Subscribe(c, o, here));
        });
    pending.Complete();
    co_return outcome;
  }

  void Unsubscribe(const ChannelName& channel) override {
    Shard& owner = shards_.OwnerOf(channel);
    const std::size_t here = shard_.loop().index();
    if (&owner == &shard_) return owner.Unsubscribe(channel, here);
    owner.loop().Post([&owner, c = channel, here] { owner.Unsubscribe(c, here); });
  }

  Task<Result<HistoryOutcome>> History(ChannelName channel, HistoryQuery query,
                                       StreamSettings stream) override {
    Shard& owner = shards_.OwnerOf(channel);
    if (shard_.MayCall(owner)) co_return owner.table().History(channel, query, stream);
    co_return co_await Ask<Result<HistoryOutcome>>(
        shard_.loop(), owner, [c = std::move(channel), q = std::move(query), stream](Shard& there) {
          return there.table().History(c, q, stream);
        });
  }

  Task<Result<void>> RemoveHistory(ChannelName channel) override {
    Shard& owner = shards_.OwnerOf(channel);
    if (shard_.MayCall(owner)) {
      owner.table().RemoveHistory(channel);
      co_return Result<void>();
    }
    co_return co_await Ask<Result<void>>(shard_.loop(), owner, [c = std::move(channel)](Shard& there) {
      there.table().RemoveHistory(c);
      return Result<void>();
    });
  }

  Task<Result<std::vector<ChannelCount>>> Channels(std::string pattern) override {
    return ListChannels(shard_.loop(), shards_.owners(), std::move(pattern));
  }
  std::uint64_t SubscribedChannels() const override {
    std::uint64_t sum = 0;
    for (const SubscriptionOwner* const owner : shards_.owners()) sum += owner->subscribed_channels();
    return sum;
  }

 private:
  Task<Result<void>> Announce(ChannelName channel, ChannelEvent event) {
    Shard& owner = shards_.OwnerOf(channel);
    if (shard_.MayCall(owner)) co_return owner.Announce(channel, std::move(event));
    if (!shards_.HasRoom(owner.loop())) co_return FullMailbox();
    co_return co_await Ask<Result<void>>(
        shard_.loop(), owner, [c = std::move(channel), e = std::move(event)](Shard& there) mutable {
          return there.Announce(c, std::move(e));
        });
  }

  Shards& shards_;
  Shard& shard_;
};

// Presence entries live beside the channel's stream, on the same owner.
class MemoryPresence final : public PresenceStore {
 public:
  MemoryPresence(Shards& shards, Shard& shard) : shards_(shards), shard_(shard) {}

  Task<Result<void>> Add(ChannelName channel, ClientInfo info) override {
    return Run<Result<void>>(channel,
                             [c = channel, i = std::move(info), &shards = shards_](Shard& there) mutable {
                               return there.table().AddPresence(c, std::move(i), shards.PresenceGrowth());
                             });
  }

  Task<Result<void>> Remove(ChannelName channel, std::string client) override {
    return Run<Result<void>>(channel, [c = channel, id = std::move(client)](Shard& there) {
      there.table().RemovePresence(c, id);
      return Result<void>();
    });
  }

  Task<Result<std::vector<ClientInfoPtr>>> Get(ChannelName channel) override {
    return Run<Result<std::vector<ClientInfoPtr>>>(channel, [c = channel](Shard& there) {
      const memory::ChannelPresence* presence = there.table().Presence(c);
      return Result<std::vector<ClientInfoPtr>>(presence ? presence->All() : std::vector<ClientInfoPtr>{});
    });
  }

  Task<Result<PresenceStats>> Stats(ChannelName channel) override {
    return Run<Result<PresenceStats>>(channel, [c = channel](Shard& there) {
      const memory::ChannelPresence* presence = there.table().Presence(c);
      return Result<PresenceStats>(presence ? presence->stats() : PresenceStats{});
    });
  }

 private:
  // Presence causes no events, so the owner's own loop may always call it at once.
  template <class T, class F>
  Task<T> Run(const ChannelName& channel, F function) {
    return RunOn<T>(shards_.OwnerOf(channel), std::move(function));
  }
  template <class T, class F>
  Task<T> RunOn(Shard& owner, F function) {
    if (&owner == &shard_) co_return function(owner);
    co_return co_await Ask<T>(shard_.loop(), owner, std::move(function));
  }

  Shards& shards_;
  Shard& shard_;
};

// States live beside the channels' streams, on the same owner.
class MemoryMaps final : public MapBroker {
 public:
  MemoryMaps(Shards& shards, Shard& shard) : shards_(shards), shard_(shard) {}

  Task<Result<MapOutcome>> Publish(ChannelName channel, Publication publication,
                                   MapPublishOptions options) override {
    return Change<MapOutcome>(
        channel, [c = channel, p = std::move(publication), o = std::move(options)](Shard& there) mutable {
          return there.PublishKey(c, std::move(p), o);
        });
  }
  Task<Result<MapOutcome>> Remove(ChannelName channel, std::string key, MapRemoveOptions options) override {
    return Change<MapOutcome>(channel, [c = channel, k = std::move(key), o = std::move(options)](
                                           Shard& there) { return there.RemoveKey(c, k, o); });
  }
  Task<Result<void>> Clear(ChannelName channel) override {
    return Change<void>(channel, [c = channel](Shard& there) { return there.ClearMap(c); });
  }

  Task<Result<MapPage>> ReadState(ChannelName channel, MapStateQuery query, MapSettings map) override {
    return Run<MapPage>(shards_.OwnerOf(channel), [c = channel, q = std::move(query), map](Shard& there) {
      return there.maps().ReadState(c, q, map);
    });
  }
  Task<Result<MapStats>> Stats(ChannelName channel) override {
    return Run<MapStats>(shards_.OwnerOf(channel),
                         [c = channel](Shard& there) { return Result<MapStats>(there.maps().Stats(c)); });
  }

 private:
  template <class T, class F>
  Task<Result<T>> Change(const ChannelName& channel, F function) {
    return ChangeOn<T>(shards_.OwnerOf(channel), std::move(function));
  }
  template <class T, class F>
  Task<Result<T>> ChangeOn(Shard& owner, F function) {
    if (shard_.MayCall(owner)) co_return function(owner);
    if (!shards_.HasRoom(owner.loop())) co_return FullMailbox();
    co_return co_await Ask<Result<T>>(shard_.loop(), owner, std::move(function));
  }
  template <class T, class F>
  Task<Result<T>> Run(Shard& owner, F function) {
    if (shard_.MayCall(owner)) co_return function(owner);
    co_return co_await Ask<Result<T>>(shard_.loop(), owner, std::move(function));
  }

  Shards& shards_;
  Shard& shard_;
};

Shards::Shards(std::vector<net::Loop*> loops, MemoryBrokerLimits limits) : loops_(loops.size()) {
  TM_ASSERT(!loops.empty());
  Store(limits);
  for (std::size_t i = 0; i < loops.size(); ++i) {
    TM_ASSERT(loops[i]->index() == i);
    shards_.push_back(std::make_unique<Shard>(*this, *loops[i], deliveries_, LimitsPerLoop(limits)));
    deliveries_.push_back(&shards_.back()->delivery());
  }
}

LoopBroker Shards::TakeShard(std::size_t loop_index) {
  Shard& shard = *shards_[loop_index];
  return {.broker = std::make_unique<MemoryBroker>(*this, shard),
          .presence = std::make_unique<MemoryPresence>(*this, shard),
          .maps = std::make_unique<MemoryMaps>(*this, shard)};
}

MemoryBrokerStats Shards::Stats() const {
  MemoryBrokerStats sum;
  sum.history_bytes_max = history_bytes_max_.load(std::memory_order_relaxed);
  for (const auto& shard : shards_) {
    const memory::TableStats& stats = std::as_const(*shard).table().stats();
    sum.channels += stats.channels.load(std::memory_order_relaxed);
    sum.presence_entries += stats.presence_entries.load(std::memory_order_relaxed);
    sum.positions_dropped += stats.positions_dropped.load(std::memory_order_relaxed);
    const memory::HistoryBudget::Stats& history = std::as_const(*shard).table().history_stats();
    sum.history_bytes += history.bytes.load(std::memory_order_relaxed);
    sum.history_publications += history.publications.load(std::memory_order_relaxed);
    sum.history_refused += history.refused.load(std::memory_order_relaxed);
    const memory::MapTableStats& maps = std::as_const(*shard).maps().stats();
    sum.map_channels += maps.channels.load(std::memory_order_relaxed);
    sum.map_keys += maps.keys.load(std::memory_order_relaxed);
    sum.map_keys_expired += maps.expired.load(std::memory_order_relaxed);
    sum.map_refused_for_keys += maps.refused_for_keys.load(std::memory_order_relaxed);
    sum.map_refused_for_bytes += maps.refused_for_bytes.load(std::memory_order_relaxed);
  }
  return sum;
}

void Shards::ReplaceLimits(MemoryBrokerLimits limits) {
  Store(limits);
  for (const auto& shard : shards_) {
    shard->loop().Post([&there = *shard, per_loop = LimitsPerLoop(limits)] {
      there.table().ReplaceLimits(per_loop.table);
      there.maps().ReplaceLimits(per_loop.map);
    });
  }
}

Shard& Shards::OwnerOf(const ChannelName& channel) const {
  return *shards_[OwnerLoop(channel, shards_.size())];
}

std::vector<SubscriptionOwner*> Shards::owners() const {
  std::vector<SubscriptionOwner*> owners;
  for (const auto& shard : shards_) owners.push_back(shard.get());
  return owners;
}

ChannelTable::Growth Shards::PresenceGrowth() const {
  std::uint64_t entries = 0;
  for (const auto& shard : shards_) {
    entries += std::as_const(*shard).table().stats().presence_entries.load(std::memory_order_relaxed);
  }
  const bool full = entries >= presence_entries_max_.load(std::memory_order_relaxed);
  return full ? ChannelTable::Growth::kForbidden : ChannelTable::Growth::kAllowed;
}

ShardLimits Shards::LimitsPerLoop(const MemoryBrokerLimits& limits) const {
  const std::size_t of_user = limits.history_bytes_per_user_max > 0 ? limits.history_bytes_per_user_max
                                                                    : limits.history_bytes_max / 4;
  const memory::HistoryLimits history{.bytes_max = limits.history_bytes_max / loops_,
                                      .bytes_per_user_max = of_user / loops_};
  return {.table = {.history = history, .idempotency_keys_max = limits.idempotency_keys_max / loops_},
          .map = limits.map};
}

void Shards::Store(const MemoryBrokerLimits& limits) {
  mailbox_messages_max_.store(limits.mailbox_messages_max, std::memory_order_relaxed);
  history_bytes_max_.store(limits.history_bytes_max, std::memory_order_relaxed);
  presence_entries_max_.store(limits.presence_entries_max, std::memory_order_relaxed);
}

}  // namespace

std::unique_ptr<MemoryBrokerShards> MakeMemoryBrokerShards(std::vector<net::Loop*> loops,
                                                           MemoryBrokerLimits limits) {
  return std::make_unique<Shards>(std::move(loops), limits);
}

}  // namespace tidemill::broker
