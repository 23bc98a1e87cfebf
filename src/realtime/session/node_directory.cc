#include "realtime/session/node_directory.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

#include "net/async.h"
#include "realtime/session/context.h"
#include "realtime/session/session.h"

namespace tidemill::session {
namespace {

using control::NodeCounts;
using control::NodeInfo;
using control::Target;

bool Matches(const Session& session, const Target& target) {
  const std::string client = session.client().ToString();
  if (!target.client.empty() && target.client != client) return false;
  return std::ranges::find(target.except_clients, client) == target.except_clients.end();
}

std::vector<Session*> Find(const Context& context, const Target& target) {
  // A session secret belongs to other transports than WebSocket: nobody here has one.
  if (!target.session.empty()) return {};
  std::vector<Session*> sessions = context.registry.OfUser(target.user);
  std::erase_if(sessions, [&](const Session* session) { return !Matches(*session, target); });
  return sessions;
}

// Subscribing may take other loops' answers; a session that ends meanwhile is looked up anew by its client
// id.
Task<void> SubscribeAll(Context& context, Target target, control::Subscribe subscribe,
                        net::Reply<Result<void>>::Sender done) {
  std::vector<std::string> clients;
  for (const Session* session : Find(context, target)) clients.push_back(session->client().ToString());
  Result<void> result;
  for (const std::string& client : clients) {
    Target one = target;
    one.client = client;
    for (Session* session : Find(context, one)) {
      const auto pin = session->Pin();
      if (auto subscribed = co_await session->Apply(subscribe); !subscribed) result = std::move(subscribed);
    }
  }
  done.Send(std::move(result));
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
    return std::visit([&](auto& chosen) { return Act(std::move(target), std::move(chosen)); }, action);
  }

  Task<std::uint64_t> CountOfUser(std::string user) override {
    const auto ask = [user](Context& context, const net::Reply<std::uint64_t>::Sender& done) {
      done.Send(context.registry.OfUser(user).size());
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

 private:
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
    return ForEach(std::move(target),
                   [action = std::move(action)](Session& session) { session.Apply(action); });
  }

  template <class Act>
  Task<Result<void>> ForEach(Target target, Act act) {
    const auto ask = [target, act](Context& context, const net::Reply<bool>::Sender& done) {
      for (Session* session : Find(context, target)) act(*session);
      done.Send(true);
    };
    (void)co_await AskAll<bool>(own_, contexts_, ask);
    co_return {};
  }

  Task<NodeCounts> Counts() {
    struct LoopCounts {
      std::vector<std::string> users;
      NodeCounts counts;
    };
    const auto ask = [](Context& context, const net::Reply<LoopCounts>::Sender& done) {
      LoopCounts answer;
      for (const std::string_view user : context.registry.Users()) answer.users.emplace_back(user);
      answer.counts.clients = context.registry.sessions();
      answer.counts.subscriptions = context.hub.subscriptions();
      done.Send(std::move(answer));
    };
    NodeCounts sum;
    std::unordered_set<std::string> users;
    for (LoopCounts& answer : co_await AskAll<LoopCounts>(own_, contexts_, ask)) {
      sum.clients += answer.counts.clients;
      sum.subscriptions += answer.counts.subscriptions;
      for (std::string& user : answer.users) users.insert(std::move(user));
    }
    sum.users = users.size();
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
