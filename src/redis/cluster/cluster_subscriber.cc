#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "net/async.h"
#include "net/task_scope.h"
#include "redis/backoff.h"
#include "redis/cluster/cluster.h"
#include "redis/cluster/cluster_map.h"
#include "redis/hash_slot.h"
#include "redis/locator.h"
#include "redis/subscriber_link.h"

namespace tidemill::redis {
namespace {

constexpr Duration kLookAgain = Milliseconds(16);  // at a connection that is being made
constexpr Duration kRetryFirst = Milliseconds(40);
constexpr Duration kRetryMax = Seconds(1);
// Nobody tells a plain subscription that its slot has moved.
constexpr Duration kRefreshPlain = Seconds(1);
constexpr Duration kRefreshSharded = Seconds(30);

class ClusterSubscriber final : public Subscriber, private ClusterMapObserver {
  // One primary, and what comes from it.
  struct Node final : SubscriberEvents {
    explicit Node(ClusterSubscriber& subscriber) : owner(subscriber) {}
    void OnMessage(std::string_view channel, std::string_view payload) override {
      owner.OnNodeMessage(*this, channel, payload);
    }
    void OnLost(const std::string& channel) override { owner.OnNodeLost(*this, channel); }
    void OnRestored(const std::string& channel) override { owner.OnNodeRestored(*this, channel); }

    ClusterSubscriber& owner;
    Endpoint endpoint;
    MonotonicTime made{};
    std::unique_ptr<Locator> locator;
    std::unique_ptr<SubscriberLink> link;
  };

  struct Channel {
    std::uint16_t slot = 0;
    Node* at = nullptr;        // where it is subscribed to
    Node* asked = nullptr;     // where a subscription is on its way
    bool established = false;  // it was subscribed to once
    bool lost = false;         // OnLost was called, OnRestored is due
    int waiting = 0;           // callers of Subscribe
  };

 public:
  ClusterSubscriber(net::Loop& loop, ClusterOptions options, SubscriberEvents& events, Metrics& metrics)
      : loop_(loop),
        options_(std::move(options)),
        events_(events),
        metrics_(metrics),
        map_(loop,
             {.seeds = options_.seeds,
              .connection = options_.connection,
              .refresh_interval = options_.pub_sub == PubSub::kPlain ? kRefreshPlain : kRefreshSharded},
             *this, metrics) {
    map_.Start();
  }

  Task<Result<void>> Subscribe(std::string channel) override {
    Channel& added = Add(channel);
    ++added.waiting;
    auto result = co_await Place(channel, loop_.clock().Now() + options_.connection.io_timeout);
    const auto found = channels_.find(channel);
    if (found == channels_.end()) {
      co_return result ? Fail(Errc::kCancelled, "unsubscribed meanwhile") : std::move(result);
    }
    --found->second.waiting;
    if (!result && found->second.waiting == 0 && !found->second.established) channels_.erase(found);
    co_return result;
  }

  void Unsubscribe(const std::string& channel) override {
    const auto found = channels_.find(channel);
    if (found == channels_.end()) return;
    Node* const at = found->second.at;
    channels_.erase(found);
    if (at) at->link->Unsubscribe(channel);
  }

  Task<Result<void>> Barrier(std::string channel) override {
    const auto found = channels_.find(channel);
    if (found == channels_.end() || !found->second.at || found->second.lost) {
      co_return Fail(Errc::kUnavailable, "not subscribed now");
    }
    co_return co_await found->second.at->link->Barrier(std::move(channel));
  }

  std::optional<MonotonicTime> down_since() const override { return map_.down_since(); }

 private:
  Channel& Add(const std::string& channel) {
    return channels_.try_emplace(channel, Channel{.slot = SlotOf(channel)}).first->second;
  }
  Channel* Find(std::string_view channel) {
    const auto found = channels_.find(channel);
    return found == channels_.end() ? nullptr : &found->second;
  }

  // Null: nobody has the slot.
  Node* NodeOf(std::uint16_t slot) const {
    const Endpoint* const primary = map_.slots().PrimaryOf(slot);
    const auto node = primary ? nodes_.find(*primary) : nodes_.end();
    return node == nodes_.end() ? nullptr : node->second.get();
  }

  // Subscribes where the slot is; goes after it while it moves.
  Task<Result<void>> Place(std::string channel, MonotonicTime deadline) {
    Backoff pause(kRetryFirst, kRetryMax);
    while (Channel* const before = Find(channel)) {
      std::optional<Error> error = Error{Errc::kUnavailable, "nobody has the channel's slot"};
      if (Node* const node = NodeOf(before->slot)) {
        before->asked = node;
        const Endpoint at = node->endpoint;
        if (IsNew(*node)) co_await AwaitConnection(at, deadline);
        const auto still = nodes_.find(at);
        if (still == nodes_.end()) continue;
        auto result = co_await still->second->link->Subscribe(channel);
        if (result) {
          if (Settle(channel, at)) co_return Result<void>();
          continue;
        }
        if (!NodeOf(SlotOf(channel)) || NodeOf(SlotOf(channel))->endpoint == at) {
          if (!FollowRefusal(result.error().detail, at)) co_return result;
        }
        error = std::move(result).error();
      } else if (nodes_.empty()) {
        co_return Fail(Errc::kUnavailable, "no node of the cluster has answered yet");
      }
      map_.Refresh();
      if (loop_.clock().Now() >= deadline) co_return std::unexpected(*std::move(error));
      co_await net::Sleep(loop_, pause.Next());
    }
    co_return Fail(Errc::kCancelled, "unsubscribed meanwhile");
  }

  // `at` has acknowledged. False: the channel belongs elsewhere by now.
  bool Settle(const std::string& channel, const Endpoint& at) {
    const auto found = nodes_.find(at);
    Node* const node = found == nodes_.end() ? nullptr : found->second.get();
    Channel* const settled = Find(channel);
    if (!settled || NodeOf(settled->slot) != node || !node) {
      if (node) node->link->Unsubscribe(channel);
      return false;
    }
    if (settled->at && settled->at != node) settled->at->link->Unsubscribe(channel);
    settled->at = node;
    settled->asked = nullptr;
    settled->established = true;
    if (std::exchange(settled->lost, false)) events_.OnRestored(channel);
    return true;
  }

  // Whether the refusal says that another node, or a later moment, is the right one.
  bool FollowRefusal(std::string_view detail, const Endpoint& at) {
    const std::size_t moved = detail.find("MOVED ");
    const std::size_t ask = detail.find("ASK ");
    if (moved == detail.npos) return ask != detail.npos || detail.contains("CLUSTERDOWN");
    const auto redirection = Redirection::Parse(detail.substr(moved), at);
    if (redirection) map_.OnMoved(*redirection);
    return redirection.has_value();
  }

  bool IsNew(const Node& node) const {
    return node.link->down_since() && loop_.clock().Now() < node.made + options_.connection.connect_timeout;
  }
  Task<void> AwaitConnection(Endpoint at, MonotonicTime deadline) {
    while (loop_.clock().Now() < deadline) {
      const auto node = nodes_.find(at);
      if (node == nodes_.end() || !IsNew(*node->second)) co_return;
      co_await net::Sleep(loop_, kLookAgain);
    }
  }

  void OnMapChanged() override {
    const std::vector<Endpoint> primaries = map_.slots().Primaries();
    for (const Endpoint& primary : primaries) {
      if (!nodes_.contains(primary)) nodes_.emplace(primary, MakeNode(primary));
    }
    std::vector<std::unique_ptr<Node>> gone;
    for (auto node = nodes_.begin(); node != nodes_.end();) {
      if (std::ranges::binary_search(primaries, node->first)) {
        ++node;
        continue;
      }
      gone.push_back(std::move(node->second));
      node = nodes_.erase(node);
    }
    std::vector<std::string> elsewhere;
    for (const auto& [name, channel] : channels_) {
      if (channel.at && channel.at != NodeOf(channel.slot)) elsewhere.push_back(name);
    }
    for (const std::string& name : elsewhere) Move(name);
    // Long enough for its connection to find out that the server is silent, and to say so to whoever waits.
    const MonotonicTime until = loop_.clock().Now() + options_.connection.io_timeout +
                                options_.connection.probe_interval + Seconds(2);
    for (std::unique_ptr<Node>& node : gone) leaving_.emplace_back(std::move(node), until);
  }

  std::unique_ptr<Node> MakeNode(const Endpoint& primary) {
    auto node = std::make_unique<Node>(*this);
    node->endpoint = primary;
    node->made = loop_.clock().Now();
    node->locator = MakeFixedLocator(primary);
    node->link =
        MakeSubscriberLink(loop_, *node->locator, options_.connection, options_.pub_sub, *node, metrics_);
    node->link->SetOnDropped([this, raw = node.get()](const std::string& channel) {
      map_.Refresh();
      Channel* const dropped = Find(channel);
      if (!dropped || dropped->at != raw) return;
      dropped->at = nullptr;
      Move(channel);
    });
    node->link->Start();
    return node;
  }

  // Takes it from where it is and subscribes to it where it belongs, however long that takes.
  void Move(const std::string& name) {
    Channel* channel = Find(name);
    if (!channel) return;
    if (Node* const from = std::exchange(channel->at, nullptr)) from->link->Unsubscribe(name);
    if (!std::exchange(channel->lost, true)) events_.OnLost(name);
    moves_.Spawn(PlaceAtLast(name));
  }

  Task<void> PlaceAtLast(std::string channel) {
    Backoff pause(kRetryFirst, kRetryMax);
    while (true) {
      const Channel* const moving = Find(channel);
      if (!moving || moving->at) co_return;
      (void)co_await Place(channel, loop_.clock().Now() + options_.connection.io_timeout);
      if (const Channel* const placed = Find(channel); !placed || placed->at) co_return;
      co_await net::Sleep(loop_, pause.Next());
    }
  }

  void OnNodeMessage(const Node& node, std::string_view name, std::string_view payload) {
    const Channel* const channel = Find(name);
    if (channel && (channel->at == &node || (!channel->at && channel->asked == &node))) {
      events_.OnMessage(name, payload);
    }
  }
  void OnNodeLost(const Node& node, const std::string& name) {
    map_.Refresh();
    Channel* const channel = Find(name);
    if (!channel || channel->at != &node || std::exchange(channel->lost, true)) return;
    events_.OnLost(name);
  }
  void OnNodeRestored(const Node& node, const std::string& name) {
    Channel* const channel = Find(name);
    if (!channel || channel->at != &node || !std::exchange(channel->lost, false)) return;
    events_.OnRestored(name);
  }

  void OnTick() override {
    // Whoever still waits for one of these is told while it is destroyed, and may subscribe again.
    const MonotonicTime now = loop_.clock().Now();
    while (!leaving_.empty() && leaving_.front().second <= now) {
      const auto gone = std::move(leaving_.front());
      leaving_.pop_front();
    }
  }

  std::optional<MonotonicTime> ConnectionsDownSince() const override {
    std::optional<MonotonicTime> longest;
    for (const auto& [endpoint, node] : nodes_) {
      const std::optional<MonotonicTime> since = node->link->down_since();
      if (since && (!longest || *since < *longest)) longest = since;
    }
    return longest;
  }

  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };

  net::Loop& loop_;
  const ClusterOptions options_;
  SubscriberEvents& events_;
  Metrics& metrics_;
  std::map<Endpoint, std::unique_ptr<Node>> nodes_;                      // the primaries
  std::deque<std::pair<std::unique_ptr<Node>, MonotonicTime>> leaving_;  // and when they are dropped
  std::unordered_map<std::string, Channel, NameHash, std::equal_to<>> channels_;
  ClusterMap map_;
  TaskScope moves_;  // last: its tasks refer to all above
};

}  // namespace

std::unique_ptr<Subscriber> MakeClusterSubscriber(net::Loop& loop, ClusterOptions options,
                                                  SubscriberEvents& events, Metrics& metrics) {
  return std::make_unique<ClusterSubscriber>(loop, std::move(options), events, metrics);
}

}  // namespace tidemill::redis
