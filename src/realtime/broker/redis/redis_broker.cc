#include "realtime/broker/redis/redis_broker.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "net/async.h"
#include "realtime/broker/delivery.h"
#include "realtime/broker/glob.h"
#include "realtime/broker/recovery.h"
#include "realtime/broker/redis/keys.h"
#include "realtime/broker/redis/owner.h"
#include "realtime/broker/redis/presence_store.h"
#include "realtime/broker/redis/record.h"
#include "realtime/broker/redis/stream_store.h"

namespace tidemill::broker {
namespace {

using redis_broker::Keys;
using redis_broker::Owner;
using redis_broker::PlantedBugs;
using redis_broker::StreamStore;
using redis_broker::Ticket;

constexpr std::size_t kChannelsMax = 100'000;

// What the loops share; immutable.
struct Shared {
  Shared(RedisBrokerOptions given, redis_broker::Metrics& m)
      : options(std::move(given)), keys(options.prefix), bugs(options.plant_bug_for_test), metrics(m) {}

  const RedisBrokerOptions options;
  const Keys keys;
  const PlantedBugs bugs;
  redis_broker::Metrics& metrics;
};

// All that one loop has. Loop thread only.
class Node {
 public:
  Node(net::Loop& l, const Shared& shared, const RedisConnections& connections,
       const std::vector<Delivery*>& deliveries)
      : loop(l),
        delivery(l, deliveries, shared.options.mailbox_messages_max),
        occupancy(l),
        client(connections.make_client(l)),
        store(*client, shared.keys, shared.options.sharded_pub_sub, shared.bugs),
        owner(l, {delivery, occupancy, store, shared.keys, shared.bugs, shared.metrics,
                  shared.options.position_check_delay}),
        subscriber(connections.make_subscriber(l, owner)) {
    owner.SetSubscriber(*subscriber);
  }

  net::Loop& loop;
  Delivery delivery;
  OccupancyQueue occupancy;
  const std::unique_ptr<redis::Client> client;
  StreamStore store;
  Owner owner;
  const std::unique_ptr<redis::Subscriber> subscriber;
};

// Undoes a subscription whose task was destroyed before the answer came: nobody else would.
class UnansweredSubscription {
 public:
  UnansweredSubscription(Node& owner, ChannelName channel, std::size_t loop_index)
      : owner_(owner), channel_(std::move(channel)), loop_index_(loop_index) {}
  UnansweredSubscription(const UnansweredSubscription&) = delete;
  UnansweredSubscription& operator=(const UnansweredSubscription&) = delete;
  ~UnansweredSubscription() {
    if (answered_) return;
    owner_.loop.Post(
        [&owner = owner_.owner, channel = std::move(channel_), ticket = ticket_, loop_index = loop_index_] {
          ticket->given_up = true;
          if (ticket->subscribed) owner.Unsubscribe(channel, loop_index);
        });
  }

  const std::shared_ptr<Ticket>& ticket() const { return ticket_; }
  void Answered() { answered_ = true; }

 private:
  Node& owner_;
  ChannelName channel_;
  const std::size_t loop_index_;
  const std::shared_ptr<Ticket> ticket_ = std::make_shared<Ticket>();
  bool answered_ = false;
};

class RedisBroker final : public Broker {
 public:
  RedisBroker(const std::vector<std::unique_ptr<Node>>& nodes, Node& node) : nodes_(nodes), node_(node) {}

  void SetEvents(BrokerEvents& events) override { node_.delivery.SetEvents(events); }
  void SetOccupancyEvents(OccupancyEvents& events) override { node_.occupancy.SetEvents(events); }

  Task<Result<PublishOutcome>> Publish(ChannelName channel, Publication publication,
                                       PublishOptions options) override {
    return node_.store.Publish(std::move(channel), std::move(publication), std::move(options));
  }
  Task<Result<void>> PublishJoin(ChannelName channel, ClientInfo info) override {
    return node_.store.PublishMessage(std::move(channel), redis_broker::JoinText(info));
  }
  Task<Result<void>> PublishLeave(ChannelName channel, ClientInfo info) override {
    return node_.store.PublishMessage(std::move(channel), redis_broker::LeaveText(info));
  }

  Task<Result<SubscribeOutcome>> Subscribe(ChannelName channel, SubscribeOptions options) override {
    Node& owner = OwnerOf(channel);
    const std::size_t here = node_.loop.index();
    UnansweredSubscription unanswered(owner, channel, here);
    net::Reply<Result<SubscribeOutcome>> reply(node_.loop);
    if (&owner == &node_ && !node_.delivery.handling()) {
      owner.owner.Subscribe(std::move(channel), std::move(options), here, unanswered.ticket(),
                            reply.sender());
    } else {
      owner.loop.Post([&owner, c = std::move(channel), o = std::move(options), here,
                       ticket = unanswered.ticket(), sender = reply.sender()]() mutable {
        owner.owner.Subscribe(std::move(c), std::move(o), here, std::move(ticket), sender);
      });
    }
    auto outcome = co_await reply;
    unanswered.Answered();
    co_return outcome;
  }

  void Unsubscribe(const ChannelName& channel) override {
    Node& owner = OwnerOf(channel);
    const std::size_t here = node_.loop.index();
    if (&owner == &node_) return owner.owner.Unsubscribe(channel, here);
    owner.loop.Post([&owner, c = channel, here] { owner.owner.Unsubscribe(c, here); });
  }

  Task<Result<HistoryOutcome>> History(ChannelName channel, HistoryQuery query,
                                       StreamSettings stream) override {
    if (!stream.enabled()) co_return HistoryOutcome{};
    redis_broker::ReadQuery read_query{
        .since = {}, .count = std::max(query.limit, -1), .reverse = query.reverse};
    if (query.since) read_query.since = query.since->offset;
    TM_CO_TRY_ASSIGN(StreamRead read,
                     co_await node_.store.Read(std::move(channel), read_query, stream.meta_ttl));
    if (query.since && !SameEpoch(*query.since, read.top)) {
      co_return Fail(Errc::kUnrecoverablePosition, "the stream has another epoch");
    }
    co_return HistoryOutcome{.publications = std::move(read.publications), .top = std::move(read.top)};
  }

  Task<Result<void>> RemoveHistory(ChannelName channel) override {
    return node_.store.Remove(std::move(channel));
  }

  Task<Result<std::vector<ChannelCount>>> Channels(std::string pattern) override {
    TM_CO_TRY(CheckGlob(pattern));
    std::vector<ChannelCount> all;
    for (const auto& node : nodes_) {
      const std::size_t room = kChannelsMax - all.size();
      auto part = co_await net::Ask<std::vector<ChannelCount>>(
          node_.loop, node->loop,
          [&owner = node->owner, pattern, room] { return owner.SubscribedChannels(pattern, room); });
      if (part.size() > room) co_return Fail(Errc::kLimitExceeded, "over 100,000 channels match");
      all.insert(all.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
    }
    co_return all;
  }

 private:
  Node& OwnerOf(const ChannelName& channel) const { return *nodes_[OwnerLoop(channel, nodes_.size())]; }

  const std::vector<std::unique_ptr<Node>>& nodes_;
  Node& node_;
};

class Group final : public RedisBrokerGroup {
 public:
  Group(const std::vector<net::Loop*>& loops, const RedisConnections& connections, RedisBrokerOptions options,
        redis_broker::Metrics& metrics)
      : shared_(std::move(options), metrics) {
    for (net::Loop* loop : loops) {
      TM_ASSERT(loop->index() == nodes_.size());
      nodes_.push_back(std::make_unique<Node>(*loop, shared_, connections, deliveries_));
      deliveries_.push_back(&nodes_.back()->delivery);
    }
  }

  LoopBroker TakeNode(std::size_t loop_index) override {
    Node& node = *nodes_[loop_index];
    const redis_broker::PresenceOptions presence{
        .ttl = shared_.options.presence_ttl, .renewal_interval = shared_.options.presence_renewal_interval};
    return {.broker = std::make_unique<RedisBroker>(nodes_, node),
            .presence = redis_broker::MakePresenceStore(node.loop, *node.client, shared_.keys, presence,
                                                        shared_.metrics)};
  }

  redis::Client& client(std::size_t loop_index) override { return *nodes_[loop_index]->client; }

  std::optional<MonotonicTime> down_since() const override {
    std::optional<MonotonicTime> earliest;
    for (const auto& node : nodes_) {
      for (const auto since : {node->client->down_since(), node->subscriber->down_since()}) {
        if (since && (!earliest || *since < *earliest)) earliest = since;
      }
    }
    return earliest;
  }

  std::uint64_t dropped() const override {
    std::uint64_t sum = 0;
    for (const auto& node : nodes_) sum += node->delivery.dropped();
    return sum;
  }

  std::uint64_t channels() const override {
    std::uint64_t sum = 0;
    for (const auto& node : nodes_) sum += node->owner.channels();
    return sum;
  }

 private:
  const Shared shared_;
  std::vector<Delivery*> deliveries_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

}  // namespace

std::unique_ptr<RedisBrokerGroup> MakeRedisBrokerGroup(std::vector<net::Loop*> loops,
                                                       const RedisConnections& connections,
                                                       RedisBrokerOptions options,
                                                       redis_broker::Metrics& metrics) {
  return std::make_unique<Group>(loops, connections, std::move(options), metrics);
}

}  // namespace tidemill::broker
