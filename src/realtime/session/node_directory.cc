#include "realtime/session/node_directory.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include "net/async.h"
#include "realtime/session/context.h"
#include "realtime/session/session.h"
#include "realtime/session/session_secret.h"

namespace tidemill::session {
namespace {

using control::NodeCounts;
using control::NodeInfo;
using control::Target;

// Which of a user's sessions are meant.
class Matcher {
 public:
  explicit Matcher(const Target& target)
      : client_(target.client),
        secret_(target.session),
        except_(target.except_clients.begin(), target.except_clients.end()) {}

  bool operator()(const Session& session) const {
    if (!secret_.empty() && (!session.secret() || session.secret()->ToString() != secret_)) return false;
    if (client_.empty() && except_.empty()) return true;
    const std::string client = session.client().ToString();
    return (client_.empty() || client_ == client) && !except_.contains(client);
  }

 private:
  const std::string client_;
  const std::string secret_;
  const std::unordered_set<std::string> except_;
};

// A user may have very many sessions: what is done to them is done in shares of a turn.
Task<void> LeaveTheTurn(Context& context) {
  if (context.loop.ShareSpent()) co_await net::NextTurn(context.loop);
}

// Subscribing may take other loops' answers.
Task<void> SubscribeAll(Context& context, Target target, control::Subscribe subscribe,
                        net::Reply<Result<void>>::Sender done) {
  Result<void> result;
  const Matcher matches(target);
  Registry::Walk walk(context.registry, target.user);
  while (Session* const session = walk.Next()) {
    if (matches(*session)) {
      const auto pin = session->Pin();
      if (auto subscribed = co_await session->Apply(subscribe); !subscribed) result = std::move(subscribed);
    }
    co_await LeaveTheTurn(context);
  }
  done.Send(std::move(result));
}

template <class Action>
Task<void> DoToAll(Context& context, Target target, Action action, net::Reply<bool>::Sender done) {
  const Matcher matches(target);
  Registry::Walk walk(context.registry, target.user);
  while (Session* const session = walk.Next()) {
    if (matches(*session)) {
      const auto pin = session->Pin();
      if constexpr (std::is_void_v<decltype(session->Apply(action))>) {
        session->Apply(action);
      } else {
        co_await session->Apply(action);
      }
    }
    co_await LeaveTheTurn(context);
  }
  done.Send(true);
}

// Ends what the decision forbids.
Task<void> EndRefused(Context& context, access::Entry entry, net::Reply<bool>::Sender done) {
  if (entry.kind != access::Kind::kToken) {
    Target user{.user = entry.subject};
    co_return co_await DoToAll(context, std::move(user), std::move(entry), done);
  }
  TokenIndex::Walk walk(context.token_index, entry.subject);
  while (Client* const client = walk.Next()) {
    Session& session = static_cast<Session&>(client->events);
    const auto pin = session.Pin();
    session.Apply(entry);
    co_await LeaveTheTurn(context);
  }
  done.Send(true);
}

// The connections of a loop that come first after the query's client id.
class FirstConnections {
 public:
  explicit FirstConnections(const control::ConnectionsQuery& query) : query_(query) {}

  void Look(const Session& session) {
    if (!session.connected()) return;
    std::string client = session.client().ToString();
    if (client <= query_.after || found_.contains(client)) return;
    if (found_.size() == query_.limit) {
      has_more_ = true;
      if (client > found_.rbegin()->first) return;
      found_.erase(std::prev(found_.end()));
    }
    found_.emplace(std::move(client), session.Describe());
  }

  control::ConnectionsPage Page() {
    control::ConnectionsPage page{.connections = {}, .has_more = has_more_};
    page.connections.reserve(found_.size());
    for (auto& [client, info] : found_) page.connections.push_back(std::move(info));
    return page;
  }

 private:
  const control::ConnectionsQuery& query_;
  std::map<std::string, control::ConnectionInfo> found_;
  bool has_more_ = false;
};

Task<void> ListConnections(Context& context, control::ConnectionsQuery query,
                           net::Reply<control::ConnectionsPage>::Sender done) {
  FirstConnections first(query);
  if (query.user.empty()) {
    Registry::WalkAll walk(context.registry);
    while (!walk.done()) {
      if (const Session* const session = walk.Next()) first.Look(*session);
      co_await LeaveTheTurn(context);
    }
  } else {
    Registry::Walk walk(context.registry, query.user);
    while (const Session* const session = walk.Next()) {
      first.Look(*session);
      co_await LeaveTheTurn(context);
    }
  }
  done.Send(first.Page());
}

Result<void> DeliverHere(Context& context, const Uuid& secret, const control::Deliver& deliver) {
  Session* const session = context.registry.BySecret(secret);
  if (session == nullptr) return Fail(Errc::kNotFound, "no such session");
  return session->Apply(deliver);
}

// What a loop has, and the hashes of its users: a user may be on several loops.
struct LoopCounts {
  NodeCounts counts;
  std::vector<std::size_t> users;
};

Task<void> CountLoop(Context& context, bool alone, net::Reply<LoopCounts>::Sender done) {
  constexpr std::size_t kUsersPerLook = 256;
  LoopCounts answer;
  for (std::size_t bucket = 0; !alone;) {
    bucket = context.registry.AppendUserHashes(bucket, kUsersPerLook, answer.users);
    if (bucket == 0) break;
    co_await LeaveTheTurn(context);
  }
  answer.counts.clients = context.registry.sessions();
  answer.counts.users = context.registry.users();
  answer.counts.subscriptions = context.hub.subscriptions();
  done.Send(std::move(answer));
}

// Runs on every loop, and completes when all have answered.
template <class T, class Ask>
Task<std::vector<T>> AskAll(Context& own, const std::vector<Context*>& contexts, Ask ask) {
  std::vector<std::unique_ptr<net::Reply<T>>> replies;
  for (Context* context : contexts) {
    replies.push_back(std::make_unique<net::Reply<T>>(own.loop));
    auto sender = replies.back()->sender();
    if (context == &own) {
      ask(own, sender);
    } else {
      context->loop.Post([context, ask, sender] { ask(*context, sender); });
    }
  }
  std::vector<T> answers;
  for (auto& reply : replies) answers.push_back(co_await *reply);
  co_return answers;
}

class NodeDirectory final : public control::Directory {
 public:
  NodeDirectory(Context& own, const std::vector<Context*>& contexts)
      : own_(own), contexts_(contexts), started_(own.loop.clock().Now()) {}

  Task<Result<void>> Apply(Target target, control::Action action) override {
    if (!target.node.empty() && target.node != own_.settings->node_id) return NoSuchNode();
    return std::visit([&](auto& chosen) { return Act(std::move(target), std::move(chosen)); }, action);
  }

  Task<std::uint64_t> CountOfUser(std::string user) override {
    const auto ask = [user](Context& context, const net::Reply<std::uint64_t>::Sender& done) {
      done.Send(context.registry.CountOfUser(user));
    };
    std::uint64_t sum = 0;
    for (const std::uint64_t count : co_await AskAll<std::uint64_t>(own_, contexts_, ask)) sum += count;
    co_return sum;
  }

  Task<std::vector<NodeInfo>> Nodes() override {
    const std::shared_ptr<const SessionSettings> settings = own_.settings;
    const NodeCounts counts = co_await Counts();
    co_return std::vector<NodeInfo>{{.uid = settings->node_id,
                                     .name = settings->node_name,
                                     .version = settings->version,
                                     .uptime = own_.loop.clock().Now() - started_,
                                     .counts = counts}};
  }

  Task<Result<std::vector<broker::ChannelCount>>> Channels(std::string pattern) override {
    return own_.broker.Channels(std::move(pattern));
  }

  Task<Result<control::ConnectionsPage>> Connections(control::ConnectionsQuery query) override {
    using Sender = net::Reply<control::ConnectionsPage>::Sender;
    const auto ask = [query](Context& context, const Sender& done) {
      context.scope.Spawn(ListConnections(context, query, done));
    };
    auto pages = co_await AskAll<control::ConnectionsPage>(own_, contexts_, ask);
    co_return control::Merge(std::move(pages), query.limit);
  }

 private:
  static Task<Result<void>> NoSuchNode() { co_return Fail(Errc::kNotFound, "no such node"); }

  // The secret says on which loop its session is.
  Task<Result<void>> Act(Target target, control::Deliver deliver) {
    const auto secret = ParseSessionSecret(target.session);
    if (!secret || LoopIndexOf(*secret) >= contexts_.size())
      co_return Fail(Errc::kNotFound, "no such session");
    Context& context = *contexts_[LoopIndexOf(*secret)];
    if (&context == &own_) co_return DeliverHere(context, *secret, deliver);
    net::Reply<Result<void>> reply(own_.loop);
    context.loop.Post([&context, secret = *secret, deliver = std::move(deliver), done = reply.sender()] {
      done.Send(DeliverHere(context, secret, deliver));
    });
    co_return co_await reply;
  }

  Task<Result<void>> Act(Target, control::ChangeAccess change) {
    if (own_.access == nullptr) co_return {};
    TM_CO_TRY(own_.access->Add(change.entry, own_.loop.clock().WallNow()));
    if (change.entry.lifted) co_return {};
    const auto ask = [entry = change.entry](Context& context, const net::Reply<bool>::Sender& done) {
      context.scope.Spawn(EndRefused(context, entry, done));
    };
    (void)co_await AskAll<bool>(own_, contexts_, ask);
    co_return {};
  }

  Task<Result<void>> Act(Target target, control::Subscribe subscribe) {
    using Sender = net::Reply<Result<void>>::Sender;
    const auto ask = [target, subscribe](Context& context, const Sender& done) {
      context.scope.Spawn(SubscribeAll(context, target, subscribe, done));
    };
    for (Result<void>& answer : co_await AskAll<Result<void>>(own_, contexts_, ask)) {
      if (!answer) co_return std::move(answer);
    }
    co_return {};
  }

  template <class Other>
  Task<Result<void>> Act(Target target, Other action) {
    const auto ask = [target, action](Context& context, const net::Reply<bool>::Sender& done) {
      context.scope.Spawn(DoToAll(context, target, action, done));
    };
    (void)co_await AskAll<bool>(own_, contexts_, ask);
    co_return {};
  }

  Task<NodeCounts> Counts() {
    const bool alone = contexts_.size() == 1;
    const auto ask = [alone](Context& context, const net::Reply<LoopCounts>::Sender& done) {
      context.scope.Spawn(CountLoop(context, alone, done));
    };
    NodeCounts sum;
    std::unordered_set<std::size_t> users;
    for (LoopCounts& answer : co_await AskAll<LoopCounts>(own_, contexts_, ask)) {
      sum.clients += answer.counts.clients;
      sum.subscriptions += answer.counts.subscriptions;
      if (alone) sum.users = answer.counts.users;
      for (const std::size_t user : answer.users) {
        users.insert(user);
        if (users.size() % 256 == 0) co_await LeaveTheTurn(own_);
      }
    }
    if (!alone) sum.users = users.size();
    sum.channels = own_.broker.SubscribedChannels();
    co_return sum;
  }

  Context& own_;
  const std::vector<Context*>& contexts_;
  const MonotonicTime started_;
};

}  // namespace

std::unique_ptr<control::Directory> MakeNodeDirectory(Context& own, const std::vector<Context*>& contexts) {
  return std::make_unique<NodeDirectory>(own, contexts);
}

}  // namespace tidemill::session
