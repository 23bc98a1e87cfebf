#include "cluster/testing/cluster_bench.h"

#include <algorithm>

#include "base/assert.h"

namespace tidemill::cluster::testing {

ClusterBench::Node::Node(ClusterBench& bench, NodeId node)
    : id(std::move(node)),
      metrics(registry),
      directory(bench.loop(), id.value()),
      bus(bench.network.Join(bench.loop(), id)),
      cluster(std::make_unique<Cluster>(bench.loop(), *bus, directory, id, metrics)) {}

void ClusterBench::Node::End() {
  cluster.reset();
  bus.reset();
}

ClusterBench::ClusterBench(std::size_t nodes)
    : loop_(*net::Loop::Open({.read_buffer_bytes = 1024, .clock = &clock_})),
      scope_(std::make_unique<TaskScope>()) {
  for (std::size_t i = 0; i < nodes; ++i) Add().cluster->Start();
  Advance(Milliseconds(Membership::kIntroduction.ms + 50));
}

ClusterBench::~ClusterBench() {
  scope_.reset();
  for (const auto& node : nodes_) node->End();
}

ClusterBench::Node& ClusterBench::Add() {
  nodes_.push_back(std::make_unique<Node>(*this, NodeId("n" + std::to_string(nodes_.size()))));
  return *nodes_.back();
}

void ClusterBench::Turns() {
  for (int i = 0; i < 6; ++i) loop_->RunOnce(Milliseconds(0));
}

void ClusterBench::Advance(Duration by) {
  // In steps, so that each timer sees a plausible time.
  for (std::int64_t left = by.ms; left > 0; left -= 50) {
    clock_.Advance(Milliseconds(std::min<std::int64_t>(left, 50)));
    Turns();
  }
}

void ClusterBench::StandStill(Duration by) {
  clock_.Advance(by);
  Turns();
}

std::vector<std::string> ClusterBench::Others(std::size_t index) {
  const auto nodes = Await(nodes_[index]->cluster->NodesElsewhere());
  TM_ASSERT(nodes.result.has_value());
  std::vector<std::string> uids;
  for (const control::NodeInfo& node : *nodes.result) uids.push_back(node.uid);
  return uids;
}

}  // namespace tidemill::cluster::testing
