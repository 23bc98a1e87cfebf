#include "server/directories.h"

#include <utility>

#include "cluster/cluster_directory.h"
#include "realtime/session/node_directory.h"

namespace tidemill::server {

// The one circle of the wiring: sessions reach each other through the directory, which reaches the sessions.
// Hence the contexts are told of it last.
Directories::Directories(std::vector<session::Context*> contexts, Brokers& brokers)
    : contexts_(std::move(contexts)) {
  for (session::Context* context : contexts_) {
    of_node_.push_back(session::MakeNodeDirectory(*context, contexts_));
    context->directory = of_node_.back().get();
  }
  if (brokers.bus() == nullptr) return;
  session::Context& first = *contexts_.front();
  cluster_ = std::make_unique<cluster::Cluster>(first.loop, *brokers.bus(), *of_node_.front(),
                                                cluster::NodeId(first.settings->node_id),
                                                *brokers.cluster_metrics());
  for (std::size_t i = 0; i < contexts_.size(); ++i) {
    of_cluster_.push_back(cluster::MakeClusterDirectory(contexts_[i]->loop, *of_node_[i], *cluster_));
    contexts_[i]->directory = of_cluster_.back().get();
  }
}

}  // namespace tidemill::server
