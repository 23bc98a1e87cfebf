#include "realtime/broker/memory/memory_broker.h"

#include <atomic>
#include <utility>

#include "base/assert.h"
#include "net/async.h"
#include "realtime/broker/delivery.h"
#include "realtime/broker/glob.h"
#include "realtime/broker/memory/channel_table.h"

namespace tidemill::broker {
namespace {

using memory::ChannelTable;

constexpr std::size_t kChannelsMax = 100'000;

class Group;

// What one loop owns, and its end of the mailboxes. Loop thread only.
class Node {
 public:
  Node(Group& group, net::Loop& loop, const std::vector<Delivery*>& deliveries, memory::TableLimits limits)
      : group_(group),
        loop_(loop),
        occupancy_(loop),
        table_(loop, occupancy_, limits),
        delivery_(loop, deliveries) {}

  net::Loop& loop() { return loop_; }
  ChannelTable& table() { return table_; }
  const ChannelTable& table() const { return table_; }
  Delivery& delivery() { return delivery_; }
  OccupancyQueue& occupancy() { return occupancy_; }

  // A call of this loop to `owner` needs no mailbox.
  bool MayCall(const Node& owner) const { return &owner == this && !delivery_.handling(); }

  // As the owner.
  Result<PublishOutcome> Publish(const ChannelName& channel, Publication publication,
                                 const PublishOptions& options);
  Result<void> Announce(const ChannelName& channel, Happening what);

 private:
  Result<void> CheckRoom(const SubscriptionCounts& subscriptions) const;

  Group& group_;
  net::Loop& loop_;
  OccupancyQueue occupancy_;
  ChannelTable table_;
  Delivery delivery_;
};

class Group final : public MemoryBrokerGroup {
 public:
  Group(std::vector<net::Loop*> loops, MemoryBrokerLimits limits);

  LoopBroker TakeNode(std::size_t loop_index) override;
  MemoryBrokerStats Stats() const override;
  void ReplaceLimits(MemoryBrokerLimits limits) override;

  std::size_t size() const { return nodes_.size(); }
  Node& node(std::size_t index) const { return *nodes_[index]; }
  Node& OwnerOf(const ChannelName& channel) const;
  bool HasRoom(net::Loop& loop) const {
    return loop.mailbox_depth() < mailbox_messages_max_.load(std::memory_order_relaxed);
  }
  ChannelTable::Growth PresenceGrowth() const;

 private:
  memory::TableLimits Share(const MemoryBrokerLimits& limits) const;
  void Store(const MemoryBrokerLimits& limits);

  const std::size_t loops_;
  std::vector<Delivery*> deliveries_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::atomic<std::size_t> mailbox_messages_max_;
  std::atomic<std::size_t> presence_entries_max_;
};

Result<PublishOutcome> Node::Publish(const ChannelName& channel, Publication publication,
                                     const PublishOptions& options) {
  ChannelTable::Entry* entry = table_.Find(channel);
  if (entry) TM_TRY(CheckRoom(entry->second.subscriptions));
  TM_TRY_ASSIGN(ChannelTable::Published published,
                table_.Publish(entry, channel, std::move(publication), options));
  if (published.live) {
    entry = table_.Find(channel);
    if (entry) delivery_.Deliver(entry->second.subscriptions, channel, std::move(published.live));
  }
  return std::move(published.outcome);
}

Result<void> Node::Announce(const ChannelName& channel, Happening what) {
  const ChannelTable::Entry* entry = table_.Find(channel);
  if (!entry) return {};
  TM_TRY(CheckRoom(entry->second.subscriptions));
  delivery_.Deliver(entry->second.subscriptions, channel, std::move(what));
  return {};
}

Result<void> Node::CheckRoom(const SubscriptionCounts& subscriptions) const {
  bool room = true;
  subscriptions.ForEachLoop([&](std::size_t index) {
    net::Loop& subscriber = group_.node(index).loop_;
    room = room && (&subscriber == &loop_ || group_.HasRoom(subscriber));
  });
  if (!room) return Fail(Errc::kLimitExceeded, "a subscribed loop has mailbox_messages_max waiting");
  return {};
}

// Asks the owner's node, on its loop.
template <class T, class F>
Task<T> Ask(net::Loop& asker, Node& owner, F function) {
  return net::Ask<T>(asker, owner.loop(),
                     [&owner, ask = std::move(function)]() mutable { return ask(owner); });
}

// Undoes a subscription whose task was destroyed before the answer came: nobody else would.
class UnansweredSubscription {
 public:
  UnansweredSubscription(Node& owner, ChannelName channel, std::size_t loop_index)
      : owner_(owner), channel_(std::move(channel)), loop_index_(loop_index) {}
  UnansweredSubscription(const UnansweredSubscription&) = delete;
  UnansweredSubscription& operator=(const UnansweredSubscription&) = delete;
  ~UnansweredSubscription() {
    if (answered_) return;
    owner_.loop().Post(
        [&owner = owner_, channel = std::move(channel_), subscribed = subscribed_, loop_index = loop_index_] {
          if (*subscribed) owner.table().Unsubscribe(channel, loop_index);
        });
  }

  // Touched on the owner's loop only.
  std::shared_ptr<bool> subscribed() const { return subscribed_; }
  void Answered() { answered_ = true; }

 private:
  Node& owner_;
  ChannelName channel_;
  const std::size_t loop_index_;
  const std::shared_ptr<bool> subscribed_ = std::make_shared<bool>(false);
  bool answered_ = false;
};

class MemoryBroker final : public Broker {
 public:
  MemoryBroker(Group& group, Node& node) : group_(group), node_(node) {}

  void SetEvents(BrokerEvents& events) override { node_.delivery().SetEvents(events); }
  void SetOccupancyEvents(OccupancyEvents& events) override { node_.occupancy().SetEvents(events); }

  Task<Result<PublishOutcome>> Publish(ChannelName channel, Publication publication,
                                       PublishOptions options) override {
    Node& owner = group_.OwnerOf(channel);
    if (node_.MayCall(owner)) co_return owner.Publish(channel, std::move(publication), options);
    if (!group_.HasRoom(owner.loop())) co_return FullMailbox();
    co_return co_await Ask<Result<PublishOutcome>>(
        node_.loop(), owner,
        [c = std::move(channel), p = std::move(publication), o = std::move(options)](Node& there) mutable {
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
    Node& owner = group_.OwnerOf(channel);
    const std::size_t here = node_.loop().index();
    if (node_.MayCall(owner)) co_return owner.table().Subscribe(channel, options, here);
    UnansweredSubscription unanswered(owner, channel, here);
    auto outcome =
        co_await Ask<Result<SubscribeOutcome>>(node_.loop(), owner,
                                               [c = std::move(channel), o = std::move(options), here,
                                                subscribed = unanswered.subscribed()](Node& there) {
                                                 auto result = there.table().Subscribe(c, o, here);
                                                 *subscribed = result.has_value();
                                                 return result;
                                               });
    unanswered.Answered();
    co_return outcome;
  }

  void Unsubscribe(const ChannelName& channel) override {
    Node& owner = group_.OwnerOf(channel);
    const std::size_t here = node_.loop().index();
    if (&owner == &node_) return owner.table().Unsubscribe(channel, here);
    owner.loop().Post([&owner, c = channel, here] { owner.table().Unsubscribe(c, here); });
  }

  Task<Result<HistoryOutcome>> History(ChannelName channel, HistoryQuery query,
                                       StreamSettings stream) override {
    Node& owner = group_.OwnerOf(channel);
    if (node_.MayCall(owner)) co_return owner.table().History(channel, query, stream);
    co_return co_await Ask<Result<HistoryOutcome>>(
        node_.loop(), owner, [c = std::move(channel), q = std::move(query), stream](Node& there) {
          return there.table().History(c, q, stream);
        });
  }

  Task<Result<void>> RemoveHistory(ChannelName channel) override {
    Node& owner = group_.OwnerOf(channel);
    if (node_.MayCall(owner)) {
      owner.table().RemoveHistory(channel);
      co_return Result<void>();
    }
    co_return co_await Ask<Result<void>>(node_.loop(), owner, [c = std::move(channel)](Node& there) {
      there.table().RemoveHistory(c);
      return Result<void>();
    });
  }

  Task<Result<std::vector<ChannelCount>>> Channels(std::string pattern) override {
    TM_CO_TRY(CheckGlob(pattern));
    std::vector<ChannelCount> all;
    for (std::size_t i = 0; i < group_.size(); ++i) {
      const std::size_t room = kChannelsMax - all.size();
      auto part = co_await Ask<std::vector<ChannelCount>>(
          node_.loop(), group_.node(i),
          [pattern, room](Node& there) { return there.table().SubscribedChannels(pattern, room); });
      if (part.size() > room) co_return Fail(Errc::kLimitExceeded, "over 100,000 channels match");
      all.insert(all.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
    }
    co_return all;
  }

 private:
  static std::unexpected<Error> FullMailbox() {
    return Fail(Errc::kLimitExceeded, "the channel's loop has mailbox_messages_max waiting");
  }

  Task<Result<void>> Announce(ChannelName channel, Happening what) {
    Node& owner = group_.OwnerOf(channel);
    if (node_.MayCall(owner)) co_return owner.Announce(channel, std::move(what));
    if (!group_.HasRoom(owner.loop())) co_return FullMailbox();
    co_return co_await Ask<Result<void>>(node_.loop(), owner,
                                         [c = std::move(channel), w = std::move(what)](Node& there) mutable {
                                           return there.Announce(c, std::move(w));
                                         });
  }

  Group& group_;
  Node& node_;
};

// Presence entries live beside the channel's stream, on the same owner.
class MemoryPresence final : public PresenceStore {
 public:
  MemoryPresence(Group& group, Node& node) : group_(group), node_(node) {}

  Task<Result<void>> Add(ChannelName channel, ClientInfo info) override {
    return Run<Result<void>>(channel,
                             [c = channel, i = std::move(info), &group = group_](Node& there) mutable {
                               return there.table().AddPresence(c, std::move(i), group.PresenceGrowth());
                             });
  }

  Task<Result<void>> Remove(ChannelName channel, std::string client) override {
    return Run<Result<void>>(channel, [c = channel, id = std::move(client)](Node& there) {
      there.table().RemovePresence(c, id);
      return Result<void>();
    });
  }

  Task<Result<std::vector<ClientInfo>>> Get(ChannelName channel) override {
    return Run<Result<std::vector<ClientInfo>>>(channel, [c = channel](Node& there) {
      const memory::ChannelPresence* presence = there.table().Presence(c);
      return Result<std::vector<ClientInfo>>(presence ? presence->All() : std::vector<ClientInfo>{});
    });
  }

  Task<Result<PresenceStats>> Stats(ChannelName channel) override {
    return Run<Result<PresenceStats>>(channel, [c = channel](Node& there) {
      const memory::ChannelPresence* presence = there.table().Presence(c);
      return Result<PresenceStats>(presence ? presence->stats() : PresenceStats{});
    });
  }

 private:
  // Presence sends no events, so that the owner's loop may always run it at once.
  template <class T, class F>
  Task<T> Run(const ChannelName& channel, F function) {
    return RunOn<T>(group_.OwnerOf(channel), std::move(function));
  }
  template <class T, class F>
  Task<T> RunOn(Node& owner, F function) {
    if (&owner == &node_) co_return function(owner);
    co_return co_await Ask<T>(node_.loop(), owner, std::move(function));
  }

  Group& group_;
  Node& node_;
};

Group::Group(std::vector<net::Loop*> loops, MemoryBrokerLimits limits) : loops_(loops.size()) {
  TM_ASSERT(!loops.empty());
  Store(limits);
  for (std::size_t i = 0; i < loops.size(); ++i) {
    TM_ASSERT(loops[i]->index() == i);
    nodes_.push_back(std::make_unique<Node>(*this, *loops[i], deliveries_, Share(limits)));
    deliveries_.push_back(&nodes_.back()->delivery());
  }
}

LoopBroker Group::TakeNode(std::size_t loop_index) {
  Node& node = *nodes_[loop_index];
  return {.broker = std::make_unique<MemoryBroker>(*this, node),
          .presence = std::make_unique<MemoryPresence>(*this, node)};
}

MemoryBrokerStats Group::Stats() const {
  MemoryBrokerStats sum;
  for (const auto& node : nodes_) {
    const memory::TableStats& stats = std::as_const(*node).table().stats();
    sum.channels += stats.channels.load(std::memory_order_relaxed);
    sum.history_bytes += stats.history_bytes.load(std::memory_order_relaxed);
    sum.history_publications += stats.history_publications.load(std::memory_order_relaxed);
    sum.presence_entries += stats.presence_entries.load(std::memory_order_relaxed);
  }
  return sum;
}

void Group::ReplaceLimits(MemoryBrokerLimits limits) {
  Store(limits);
  for (const auto& node : nodes_) {
    node->loop().Post([&there = *node, share = Share(limits)] { there.table().ReplaceLimits(share); });
  }
}

Node& Group::OwnerOf(const ChannelName& channel) const { return *nodes_[OwnerLoop(channel, nodes_.size())]; }

ChannelTable::Growth Group::PresenceGrowth() const {
  std::uint64_t entries = 0;
  for (const auto& node : nodes_) {
    entries += std::as_const(*node).table().stats().presence_entries.load(std::memory_order_relaxed);
  }
  const bool full = entries >= presence_entries_max_.load(std::memory_order_relaxed);
  return full ? ChannelTable::Growth::kForbidden : ChannelTable::Growth::kAllowed;
}

memory::TableLimits Group::Share(const MemoryBrokerLimits& limits) const {
  return {.history_bytes_max = limits.history_bytes_max / loops_,
          .idempotency_keys_max = limits.idempotency_keys_max / loops_};
}

void Group::Store(const MemoryBrokerLimits& limits) {
  mailbox_messages_max_.store(limits.mailbox_messages_max, std::memory_order_relaxed);
  presence_entries_max_.store(limits.presence_entries_max, std::memory_order_relaxed);
}

}  // namespace

std::unique_ptr<MemoryBrokerGroup> MakeMemoryBrokerGroup(std::vector<net::Loop*> loops,
                                                         MemoryBrokerLimits limits) {
  return std::make_unique<Group>(std::move(loops), limits);
}

}  // namespace tidemill::broker
