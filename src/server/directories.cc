#include "server/directories.h"

#include <latch>
#include <utility>

#include "cluster/cluster.h"
#include "cluster/cluster_directory.h"
#include "cluster/redis/redis_bus.h"
#include "realtime/session/node_directory.h"
#include "server/brokers.h"

namespace tidemill::server {
namespace {

Task<void> Leave(cluster::Cluster& cluster, std::latch& done) {
  (void)co_await cluster.Leave();
  done.count_down();
}

}  // namespace

// The one circle of the wiring: sessions reach each other through the directory, which reaches the sessions.
// Hence the contexts are told of it last.
Directories::Directories(std::vector<session::Context*> contexts, Brokers& brokers)
    : contexts_(std::move(contexts)), bus_(brokers.bus()) {
  for (session::Context* context : contexts_) {
    of_node_.push_back(session::MakeNodeDirectory(*context, contexts_));
    context->directory = of_node_.back().get();
  }
  if (bus_ == nullptr) return;
  session::Context& first = *contexts_.front();
  cluster_ = std::make_unique<cluster::Cluster>(first.loop, *bus_, *of_node_.front(),
                                                cluster::NodeId(first.settings->node_id),
                                                *brokers.cluster_metrics());
  for (std::size_t i = 0; i < contexts_.size(); ++i) {
    of_cluster_.push_back(cluster::MakeClusterDirectory(contexts_[i]->loop, *of_node_[i], *cluster_));
    contexts_[i]->directory = of_cluster_.back().get();
  }
}

Directories::~Directories() = default;

void Directories::JoinCluster() {
  if (cluster_ == nullptr) return;
  contexts_.front()->loop.Post([bus = bus_, cluster = cluster_.get()] {
    bus->Start();
    cluster->Start();
  });
}

void Directories::LeaveCluster() {
  if (cluster_ == nullptr) return;
  std::latch done(1);
  contexts_.front()->loop.Post([this, &done] { cluster_->scope().Spawn(Leave(*cluster_, done)); });
  done.wait();
}

}  // namespace tidemill::server
