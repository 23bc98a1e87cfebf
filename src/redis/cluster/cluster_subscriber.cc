#include "redis/cluster/cluster_subscriber.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "net/async.h"
#include "net/backoff.h"
#include "net/task_scope.h"
#include "redis/cluster/cluster_map.h"
#include "redis/connection/locator.h"
#include "redis/connection/subscriber_link.h"
#include "redis/hash_slot.h"
#include "redis/refusals.h"

namespace tidemill::redis {
namespace {

constexpr Duration kLookAgain = Milliseconds(16);  // at a connection that is being made
constexpr Duration kRetryFirst = Milliseconds(40);
constexpr Duration kRetryMax = Seconds(1);
// Of each channel that the user may not subscribe to; there may be very many.
constexpr Duration kRefusedMax = Seconds(15);
// A server does not tell a plain subscription that its slot has moved.
constexpr Duration kRefreshPlain = Seconds(1);
constexpr Duration kRefreshSharded = Seconds(30);

class ClusterSubscriber final : public Subscriber, private ClusterMapObserver {
  // The connection to one primary.
  struct Server final : SubscriberEvents {
    explicit Server(ClusterSubscriber& subscriber) : owner(subscriber) {}
    void OnMessage(std::string_view channel, std::string_view payload) override {
      owner.OnServerMessage(*this, channel, payload);
    }
    void OnLost(const std::string& channel) override { owner.OnServerLost(*this, channel); }
    void OnRestored(const std::string& channel) override { owner.OnServerRestored(*this, channel); }

    ClusterSubscriber& owner;
    Endpoint endpoint;
    MonotonicTime made{};
    std::unique_ptr<Locator> locator;
    std::unique_ptr<SubscriberLink> link;
  };

  struct Channel {
    std::uint16_t slot = 0;
    Server* at = nullptr;      // where it is subscribed to
    Server* asked = nullptr;   // where a subscription is on its way
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
    Server* const at = found->second.at;
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

  // Null: no known primary has the slot.
  Server* ServerOf(std::uint16_t slot) const {
    const Endpoint* const primary = map_.slots().PrimaryOf(slot);
    const auto server = primary ? servers_.find(*primary) : servers_.end();
    return server == servers_.end() ? nullptr : server->second.get();
  }

  // Subscribes at the slot's primary; follows the slot while it moves.
  Task<Result<void>> Place(std::string channel, MonotonicTime deadline) {
    net::Backoff pause(kRetryFirst, kRetryMax);
    while (Channel* const before = Find(channel)) {
      std::optional<Error> error = Error{Errc::kUnavailable, "nobody has the channel's slot"};
      if (Server* const server = ServerOf(before->slot)) {
        before->asked = server;
        const Endpoint at = server->endpoint;
        if (IsNew(*server)) co_await AwaitConnection(at, deadline);
        const auto still = servers_.find(at);
        if (still == servers_.end()) continue;
        auto result = co_await still->second->link->Subscribe(channel);
        if (result) {
          if (Settle(channel, at)) co_return Result<void>();
          continue;
        }
        if (!ServerOf(SlotOf(channel)) || ServerOf(SlotOf(channel))->endpoint == at) {
          if (!FollowRefusal(result.error().detail, at)) co_return result;
        }
        error = std::move(result).error();
      } else if (servers_.empty()) {
        co_return Fail(Errc::kUnavailable, "no node of the cluster has answered yet");
      }
      map_.Refresh();
      if (loop_.clock().Now() >= deadline) co_return std::unexpected(*std::move(error));
      co_await net::Sleep(loop_, pause.Next());
    }
    co_return Fail(Errc::kCancelled, "unsubscribed meanwhile");
  }

  // `at` has acknowledged. False: the slot has moved meanwhile.
  bool Settle(const std::string& channel, const Endpoint& at) {
    const auto found = servers_.find(at);
    Server* const server = found == servers_.end() ? nullptr : found->second.get();
    Channel* const settled = Find(channel);
    if (!settled || ServerOf(settled->slot) != server || !server) {
      if (server) server->link->Unsubscribe(channel);
      return false;
    }
    if (settled->at && settled->at != server) settled->at->link->Unsubscribe(channel);
    settled->at = server;
    settled->asked = nullptr;
    settled->established = true;
    if (std::exchange(settled->lost, false)) events_.OnRestored(channel);
    return true;
  }

  // Whether the refusal says to try another server, or again later.
  bool FollowRefusal(std::string_view detail, const Endpoint& at) {
    const std::size_t moved = detail.find("MOVED ");
    const std::size_t ask = detail.find("ASK ");
    if (moved == detail.npos) return ask != detail.npos || detail.contains("CLUSTERDOWN");
    const auto redirection = Redirection::Parse(detail.substr(moved), at);
    if (redirection) map_.OnMoved(*redirection);
    return redirection.has_value();
  }

  bool IsNew(const Server& server) const {
    return server.link->down_since() &&
           loop_.clock().Now() < server.made + options_.connection.connect_timeout;
  }
  Task<void> AwaitConnection(Endpoint at, MonotonicTime deadline) {
    while (loop_.clock().Now() < deadline) {
      const auto server = servers_.find(at);
      if (server == servers_.end() || !IsNew(*server->second)) co_return;
      co_await net::Sleep(loop_, kLookAgain);
    }
  }

  void OnMapChanged() override {
    const std::vector<Endpoint> primaries = map_.slots().Primaries();
    for (const Endpoint& primary : primaries) {
      if (!servers_.contains(primary)) servers_.emplace(primary, MakeServer(primary));
    }
    std::vector<std::unique_ptr<Server>> gone;
    for (auto server = servers_.begin(); server != servers_.end();) {
      if (std::ranges::binary_search(primaries, server->first)) {
        ++server;
        continue;
      }
      gone.push_back(std::move(server->second));
      server = servers_.erase(server);
    }
    std::vector<std::string> elsewhere;
    for (const auto& [name, channel] : channels_) {
      if (channel.at && channel.at != ServerOf(channel.slot)) elsewhere.push_back(name);
    }
    for (const std::string& name : elsewhere) Move(name);
    // Long enough for the connection to find out that its server is silent, and to fail what waits for it.
    const MonotonicTime until = loop_.clock().Now() + options_.connection.io_timeout +
                                options_.connection.probe_interval + Seconds(2);
    for (std::unique_ptr<Server>& server : gone) leaving_.emplace_back(std::move(server), until);
  }

  std::unique_ptr<Server> MakeServer(const Endpoint& primary) {
    auto server = std::make_unique<Server>(*this);
    server->endpoint = primary;
    server->made = loop_.clock().Now();
    server->locator = MakeFixedLocator(primary);
    server->link =
        MakeSubscriberLink(loop_, *server->locator, options_.connection, options_.pub_sub, *server, metrics_);
    server->link->SetOnDropped([this, raw = server.get()](const std::string& channel) {
      map_.Refresh();
      Channel* const dropped = Find(channel);
      if (!dropped || dropped->at != raw) return;
      dropped->at = nullptr;
      Move(channel);
    });
    server->link->Start();
    return server;
  }

  // Unsubscribes from the channel where it is and subscribes to it where its slot is, however long that
  // takes.
  void Move(const std::string& name) {
    Channel* channel = Find(name);
    if (!channel) return;
    if (Server* const from = std::exchange(channel->at, nullptr)) from->link->Unsubscribe(name);
    if (!std::exchange(channel->lost, true)) events_.OnLost(name);
    moves_.Spawn(PlaceAtLast(name));
  }

  Task<void> PlaceAtLast(std::string channel) {
    net::Backoff pause(kRetryFirst, kRetryMax);
    net::Backoff pause_when_refused(kRetryMax, kRefusedMax);
    while (true) {
      const Channel* const moving = Find(channel);
      if (!moving || moving->at) co_return;
      const auto result = co_await Place(channel, loop_.clock().Now() + options_.connection.io_timeout);
      if (const Channel* const placed = Find(channel); !placed || placed->at) co_return;
      const bool refused = !result && RefusalKindOf(result.error().detail) == RefusalKind::kNoPermission;
      co_await net::Sleep(loop_, refused ? pause_when_refused.Next() : pause.Next());
    }
  }

  void OnServerMessage(const Server& server, std::string_view name, std::string_view payload) {
    const Channel* const channel = Find(name);
    if (channel && (channel->at == &server || (!channel->at && channel->asked == &server))) {
      events_.OnMessage(name, payload);
    }
  }
  void OnServerLost(const Server& server, const std::string& name) {
    map_.Refresh();
    Channel* const channel = Find(name);
    if (!channel || channel->at != &server || std::exchange(channel->lost, true)) return;
    events_.OnLost(name);
  }
  void OnServerRestored(const Server& server, const std::string& name) {
    Channel* const channel = Find(name);
    if (!channel || channel->at != &server || !std::exchange(channel->lost, false)) return;
    events_.OnRestored(name);
  }

  void OnTick() override {
    // A subscribe that still waits for one of these fails when it is destroyed, and its caller may try again.
    const MonotonicTime now = loop_.clock().Now();
    while (!leaving_.empty() && leaving_.front().second <= now) {
      const auto gone = std::move(leaving_.front());
      leaving_.pop_front();
    }
  }

  std::optional<MonotonicTime> ConnectionsDownSince() const override {
    std::optional<MonotonicTime> longest;
    for (const auto& [endpoint, server] : servers_) {
      const std::optional<MonotonicTime> since = server->link->down_since();
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
  // Both outlive the servers: what waits for them at their end asks these.
  ClusterMap map_;
  std::unordered_map<std::string, Channel, NameHash, std::equal_to<>> channels_;
  std::map<Endpoint, std::unique_ptr<Server>> servers_;                    // the primaries
  std::deque<std::pair<std::unique_ptr<Server>, MonotonicTime>> leaving_;  // and when they are dropped
  TaskScope moves_;  // last: its tasks refer to all above
};

}  // namespace

std::unique_ptr<Subscriber> MakeClusterSubscriber(net::Loop& loop, ClusterOptions options,
                                                  SubscriberEvents& events, Metrics& metrics) {
  return std::make_unique<ClusterSubscriber>(loop, std::move(options), events, metrics);
}

}  // namespace tidemill::redis
