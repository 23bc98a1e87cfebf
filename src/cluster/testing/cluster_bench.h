// ClusterBench: nodes on one loop, with time moved by hand and a network that does what a test says.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "cluster/cluster.h"
#include "cluster/testing/fake_bus.h"
#include "cluster/testing/fake_directory.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace tidemill::cluster::testing {

class ClusterBench {
 public:
  // Nodes "n0", "n1", …, started and introduced to one another.
  explicit ClusterBench(std::size_t nodes);
  ~ClusterBench();

  struct Node {
    Node(ClusterBench& bench, NodeId id);
    void End();  // as by a crash

    const NodeId id;
    metrics::Registry registry;
    ClusterMetrics metrics;
    FakeDirectory directory;
    std::unique_ptr<Bus> bus;
    std::unique_ptr<Cluster> cluster;
  };
  Node& Add();
  Node& operator[](std::size_t index) { return *nodes_[index]; }

  // What a task gives, as soon as it does.
  template <class T>
  struct Pending {
    std::optional<T> result;
    Duration took{};
  };
  template <class T>
  std::unique_ptr<Pending<T>> Begin(Task<T> task);
  // Begins and moves time until it is done.
  template <class T>
  Pending<T> Await(Task<T> task);

  void Turns();
  void Advance(Duration by);
  // The process gets no time, and then goes on.
  void StandStill(Duration by);

  // The uids that the node lists, itself not among them.
  std::vector<std::string> Others(std::size_t index);

  net::Loop& loop() { return *loop_; }
  const ManualClock& clock() const { return clock_; }
  FakeNetwork network;

 private:
  template <class T>
  Task<void> Collect(Task<T> task, Pending<T>& pending);

  ManualClock clock_;
  std::unique_ptr<net::Loop> loop_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::unique_ptr<TaskScope> scope_;
};

template <class T>
Task<void> ClusterBench::Collect(Task<T> task, Pending<T>& pending) {
  const MonotonicTime begun = clock_.Now();
  pending.result.emplace(co_await task);
  pending.took = clock_.Now() - begun;
}

template <class T>
std::unique_ptr<ClusterBench::Pending<T>> ClusterBench::Begin(Task<T> task) {
  auto pending = std::make_unique<Pending<T>>();
  scope_->Spawn(Collect(std::move(task), *pending));
  Turns();
  return pending;
}

template <class T>
ClusterBench::Pending<T> ClusterBench::Await(Task<T> task) {
  const auto pending = Begin(std::move(task));
  for (int steps = 0; !pending->result && steps < 1000; ++steps) Advance(Milliseconds(10));
  return std::move(*pending);
}

}  // namespace tidemill::cluster::testing
