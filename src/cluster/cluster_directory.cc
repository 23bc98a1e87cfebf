#include "cluster/cluster_directory.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cluster/cluster.h"
#include "net/async.h"

namespace tidemill::cluster {
namespace {

// As many as a broker gives.
constexpr std::size_t kChannelsMax = 100'000;

using Counts = std::vector<broker::ChannelCount>;

// On loop 0.
template <class T>
Task<void> Relay(Task<T> task, typename net::Reply<T>::Sender done) {
  done.Send(co_await task);
}

class ClusterDirectory final : public control::Directory {
 public:
  ClusterDirectory(net::Loop& own, control::Directory& local, Cluster& cluster)
      : own_(own), local_(local), cluster_(cluster) {}

  Task<Result<void>> Apply(control::Target target, control::Action action) override {
    const auto* const disconnect = std::get_if<control::Disconnect>(&action);
    const bool for_this_node = disconnect && disconnect->wait == control::WaitFor::kThisNode;
    Command command{.target = target, .action = action};
    if (!target.node.empty() && target.node != cluster_.self().value()) {
      return There(NodeId(std::move(target.node)), std::move(command));
    }
    const bool only_here = !target.node.empty();
    auto here = local_.Apply(std::move(target), std::move(action));
    if (only_here) return here;
    if (for_this_node) return HereFirst(std::move(here), std::move(command));
    return Everywhere(std::move(here), std::move(command));
  }

  Task<std::uint64_t> CountOfUser(std::string user) override {
    net::Reply<std::uint64_t> elsewhere(own_);
    Start(elsewhere, [user](Cluster& cluster) { return cluster.CountElsewhere(user); });
    const std::uint64_t here = co_await local_.CountOfUser(std::move(user));
    co_return here + co_await elsewhere;
  }

  Task<std::vector<control::NodeInfo>> Nodes() override {
    net::Reply<std::vector<control::NodeInfo>> elsewhere(own_);
    Start(elsewhere, [](Cluster& cluster) { return cluster.NodesElsewhere(); });
    std::vector<control::NodeInfo> nodes = co_await local_.Nodes();
    for (control::NodeInfo& node : co_await elsewhere) nodes.push_back(std::move(node));
    co_return nodes;
  }

  Task<Result<Counts>> Channels(std::string pattern) override {
    net::Reply<Result<Counts>> elsewhere(own_);
    Start(elsewhere, [pattern](Cluster& cluster) { return cluster.ChannelsElsewhere(pattern); });
    TM_CO_TRY_ASSIGN(const Counts here, co_await local_.Channels(std::move(pattern)));
    TM_CO_TRY_ASSIGN(const Counts others, co_await elsewhere);
    std::map<std::string, std::uint64_t> sums;
    for (const Counts* counts : {&here, &others}) {
      for (const broker::ChannelCount& count : *counts) sums[count.channel] += count.subscriptions;
    }
    if (sums.size() > kChannelsMax) co_return Fail(Errc::kLimitExceeded, "too many channels");
    Counts all;
    all.reserve(sums.size());
    for (const auto& [channel, subscriptions] : sums) all.push_back({channel, subscriptions});
    co_return all;
  }

  Task<Result<control::ConnectionsPage>> Connections(control::ConnectionsQuery query) override {
    using Pages = std::vector<control::ConnectionsPage>;
    net::Reply<Result<Pages>> elsewhere(own_);
    Start(elsewhere, [query](Cluster& cluster) { return cluster.ConnectionsElsewhere(query); });
    const std::uint32_t limit = query.limit;
    TM_CO_TRY_ASSIGN(control::ConnectionsPage here, co_await local_.Connections(std::move(query)));
    TM_CO_TRY_ASSIGN(Pages pages, co_await elsewhere);
    pages.push_back(std::move(here));
    co_return control::Merge(std::move(pages), limit);
  }

 private:
  // Runs the task that `ask` gives, on the cluster's loop.
  template <class T, class Ask>
  void Start(net::Reply<T>& reply, Ask ask) {
    cluster_.loop().Post([&cluster = cluster_, ask = std::move(ask), done = reply.sender()]() mutable {
      cluster.scope().Spawn(Relay<T>(ask(cluster), done));
    });
  }

  Task<Result<void>> Everywhere(Task<Result<void>> here, Command command) {
    net::Reply<Result<void>> elsewhere(own_);
    Start(elsewhere,
          [sent = std::move(command)](Cluster& cluster) mutable { return cluster.Run(std::move(sent)); });
    Result<void> done_here = co_await here;
    Result<void> done_elsewhere = co_await elsewhere;
    co_return done_here ? std::move(done_elsewhere) : std::move(done_here);
  }

  Task<Result<void>> There(NodeId node, Command command) {
    net::Reply<Result<void>> there(own_);
    Start(there, [node = std::move(node), sent = std::move(command)](Cluster& cluster) mutable {
      return cluster.RunOn(std::move(node), std::move(sent));
    });
    co_return co_await there;
  }

  Task<Result<void>> HereFirst(Task<Result<void>> here, Command command) {
    cluster_.loop().Post([&cluster = cluster_, sent = std::move(command)]() mutable {
      cluster.SendUnacknowledged(std::move(sent));
    });
    co_return co_await here;
  }

  net::Loop& own_;
  control::Directory& local_;
  Cluster& cluster_;
};

}  // namespace

std::unique_ptr<control::Directory> MakeClusterDirectory(net::Loop& own, control::Directory& local,
                                                         Cluster& cluster) {
  return std::make_unique<ClusterDirectory>(own, local, cluster);
}

}  // namespace tidemill::cluster
