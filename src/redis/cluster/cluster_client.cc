#include "redis/cluster/cluster_client.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "net/async.h"
#include "net/backoff.h"
#include "redis/cluster/cluster_map.h"
#include "redis/connection/link.h"
#include "redis/connection/locator.h"
#include "redis/hash_slot.h"

namespace tidemill::redis {
namespace {

constexpr int kRedirectionsMax = 8;
constexpr Duration kLookAgain = Milliseconds(16);  // at a connection that is being made
constexpr Duration kRetryFirst = Milliseconds(40);
constexpr Duration kRetryMax = Milliseconds(400);

// A command or a script, until it has been carried out.
struct Request {
  std::uint16_t slot = 0;
  std::optional<Command> command;  // or
  const Script* script = nullptr;
  std::vector<std::string> keys;
  std::vector<std::string> arguments;
};

struct Server {
  std::unique_ptr<Locator> locator;
  std::uint16_t incarnation_slot = 0;
  MonotonicTime made{};
  std::unique_ptr<Link> link;
};

class ClusterClient final : public Client, private ClusterMapObserver {
 public:
  ClusterClient(net::Loop& loop, ClusterOptions options, Metrics& metrics)
      : loop_(loop),
        options_(std::move(options)),
        metrics_(metrics),
        map_(loop, {.seeds = options_.seeds, .connection = options_.connection}, *this, metrics) {
    map_.Start();
  }

  Task<Result<Reply>> Send(std::string key, Command command) override {
    if (key.empty()) return SendAnywhere(std::move(command));
    return Carry({.slot = SlotOf(key), .command = std::move(command)});
  }

  Task<Result<Reply>> Run(const Script& script, std::vector<std::string> keys,
                          std::vector<std::string> arguments) override {
    TM_ASSERT(!keys.empty());
    const std::uint16_t slot = SlotOf(keys[0]);
    return Carry(
        {.slot = slot, .script = &script, .keys = std::move(keys), .arguments = std::move(arguments)});
  }

  std::size_t servers() const override { return servers_.size(); }
  std::string ServerOf(std::string_view key) const override {
    const Endpoint* const primary = map_.slots().PrimaryOf(SlotOf(key));
    return primary ? primary->ToString() : "";
  }
  std::optional<MonotonicTime> down_since() const override { return map_.down_since(); }

 private:
  enum class Verdict : std::uint8_t { kDone, kRedirected, kTryAgain };

  Task<Result<Reply>> Carry(Request request) {
    const MonotonicTime deadline = loop_.clock().Now() + options_.connection.io_timeout;
    net::Backoff pause(kRetryFirst, kRetryMax);
    std::optional<Endpoint> ask;
    std::string why = "nobody has slot " + std::to_string(request.slot);
    for (int redirections = 0; redirections <= kRedirectionsMax;) {
      const Endpoint* const place = ask ? &*ask : map_.slots().PrimaryOf(request.slot);
      if (place) {
        const Endpoint at = *place;
        if (IsNew(at)) co_await AwaitConnection(at, deadline);
        const auto server = servers_.find(at);
        if (server != servers_.end()) {
          auto reply =
              co_await Once(*server->second.link, request, ask ? Link::Asking::kYes : Link::Asking::kNo);
          if (!reply) {
            map_.Refresh();
            co_return reply;
          }
          ask.reset();
          const Verdict verdict = Judge(*reply, at, ask);
          if (verdict == Verdict::kDone) co_return reply;
          why = reply->text;
          if (verdict == Verdict::kRedirected) {
            ++redirections;
            continue;
          }
        }
      } else if (servers_.empty()) {
        co_return Fail(Errc::kUnavailable, "no node of the cluster has answered yet");
      }
      map_.Refresh();
      if (loop_.clock().Now() >= deadline) co_return Fail(Errc::kUnavailable, "the cluster refused: " + why);
      co_await net::Sleep(loop_, pause.Next());
    }
    co_return Fail(Errc::kUnavailable, "sent from node to node: " + why);
  }

  static Task<Result<Reply>> Once(Link& link, const Request& request, Link::Asking asking) {
    if (request.command) return link.Send(*request.command, asking);
    return link.Run(*request.script, request.keys, request.arguments, asking);
  }

  // What an answer of `at` means; with an ASK, `ask` is where to go.
  Verdict Judge(const Reply& reply, const Endpoint& at, std::optional<Endpoint>& ask) {
    const std::string_view code = reply.error_code();
    if (code == "TRYAGAIN" || code == "CLUSTERDOWN") return Verdict::kTryAgain;
    if (code != "MOVED" && code != "ASK") return Verdict::kDone;
    const Result<Redirection> redirection = Redirection::Parse(reply.text, at);
    if (!redirection) return Verdict::kDone;
    if (redirection->kind == Redirection::Kind::kMoved) {
      map_.OnMoved(*redirection);
      return Verdict::kRedirected;
    }
    // A node that has no slot yet cannot keep its incarnation; it has one when the move is over.
    if (!servers_.contains(redirection->to)) return Verdict::kTryAgain;
    ask = redirection->to;
    return Verdict::kRedirected;
  }

  Task<Result<Reply>> SendAnywhere(Command command) {
    const auto up =
        std::ranges::find_if(servers_, [](const auto& s) { return !s.second.link->down_since(); });
    if (up != servers_.end()) co_return co_await up->second.link->Send(std::move(command), Link::Asking::kNo);
    co_return Fail(Errc::kUnavailable, "no node of the cluster is there");
  }

  // Whether the first connection to it is still being made: it is not known to be away.
  bool IsNew(const Endpoint& at) const {
    const auto server = servers_.find(at);
    return server != servers_.end() && server->second.link->down_since() &&
           loop_.clock().Now() < server->second.made + options_.connection.connect_timeout;
  }

  Task<void> AwaitConnection(Endpoint at, MonotonicTime deadline) {
    while (IsNew(at) && loop_.clock().Now() < deadline) co_await net::Sleep(loop_, kLookAgain);
  }

  void OnMapChanged() override {
    const std::vector<Endpoint> primaries = map_.slots().Primaries();
    for (const Endpoint& primary : primaries) {
      const auto server = servers_.find(primary);
      if (server == servers_.end()) {
        servers_.emplace(primary, MakeServer(primary));
      } else if (!HoldsSlot(primary, server->second)) {
        const auto next = successors_.find(primary);
        if (next != successors_.end() && HoldsSlot(primary, next->second)) continue;
        if (next != successors_.end()) Leave(std::move(next->second));
        successors_.insert_or_assign(primary, MakeServer(primary));
      }
    }
    const auto is_gone = [&primaries](const auto& server) {
      return !std::ranges::binary_search(primaries, server.first);
    };
    for (auto* const servers : {&servers_, &successors_}) {
      for (auto& server : *servers) {
        if (is_gone(server)) Leave(std::move(server.second));
      }
      std::erase_if(*servers, is_gone);
    }
  }

  // Whether the server still has the slot of its incarnation's key, which a new connection reads.
  bool HoldsSlot(const Endpoint& primary, const Server& server) const {
    const Endpoint* const holder = map_.slots().PrimaryOf(server.incarnation_slot);
    return holder && *holder == primary;
  }

  Server MakeServer(const Endpoint& primary) {
    const std::uint16_t slot = map_.slots().AnySlotOf(primary);
    TM_ASSERT(slot < kSlots);
    Server server{
        .locator = MakeFixedLocator(primary), .incarnation_slot = slot, .made = loop_.clock().Now()};
    LinkOptions options{.connection = options_.connection,
                        .incarnation_key = options_.prefix + ".incarnation.{" + TagInSlot(slot) + "}"};
    server.link = MakeLink(loop_, *server.locator, std::move(options), metrics_);
    server.link->Start();
    return server;
  }

  // It stays for a while, so that commands that wait for it get their answers.
  void Leave(Server server) {
    leaving_.push_back(
        {std::move(server), loop_.clock().Now() + options_.connection.io_timeout + Seconds(1)});
  }

  void OnTick() override {
    for (auto successor = successors_.begin(); successor != successors_.end();) {
      if (successor->second.link->down_since()) {
        ++successor;
        continue;
      }
      Server& server = servers_.at(successor->first);
      Leave(std::exchange(server, std::move(successor->second)));
      successor = successors_.erase(successor);
    }
    // A command that still waits for one of these fails when it is destroyed, and its caller may send again.
    const MonotonicTime now = loop_.clock().Now();
    while (!leaving_.empty() && leaving_.front().second <= now) {
      const auto gone = std::move(leaving_.front());
      leaving_.pop_front();
    }
  }

  std::optional<MonotonicTime> ConnectionsDownSince() const override {
    std::optional<MonotonicTime> longest;
    for (const auto& [endpoint, server] : servers_) {
      const std::optional<MonotonicTime> since = server.link->down_since();
      if (since && (!longest || *since < *longest)) longest = since;
    }
    return longest;
  }

  net::Loop& loop_;
  const ClusterOptions options_;
  Metrics& metrics_;
  ClusterMap map_;                      // outlives the servers: what waits for them at their end asks it
  std::map<Endpoint, Server> servers_;  // the primaries
  std::map<Endpoint, Server>
      successors_;  // of the same primaries, with another incarnation key, until connected
  std::deque<std::pair<Server, MonotonicTime>> leaving_;  // and when they are dropped
};

}  // namespace

std::unique_ptr<Client> MakeClusterClient(net::Loop& loop, ClusterOptions options, Metrics& metrics) {
  return std::make_unique<ClusterClient>(loop, std::move(options), metrics);
}

}  // namespace tidemill::redis
