// FakeNetwork: joins the nodes of a test by buses that lose, delay and repeat messages when they are told to.
//
// Messages arrive in a later turn of the receiving node's loop, a sender's in their order. All loops belong
// to the test's one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cluster/bus.h"
#include "net/loop.h"
#include "net/task_scope.h"

namespace tidemill::cluster::testing {

class FakeNetwork {
 public:
  FakeNetwork();
  ~FakeNetwork();

  // A node's bus; the network outlives it.
  std::unique_ptr<Bus> Join(net::Loop& loop, NodeId node);

  // Nothing to or from the node, which does not notice.
  void Cut(const NodeId& node) { cut_.insert(node); }
  void Heal(const NodeId& node) { cut_.erase(node); }
  // The node notices: it cannot publish, and is told so, as of what it cannot hear.
  void Disconnect(const NodeId& node);
  // It cannot publish, but hears.
  void Mute(const NodeId& node) { stations_.at(node).speaks = false; }
  void Unmute(const NodeId& node) { stations_.at(node).speaks = true; }
  // The node can publish and notices that it cannot hear.
  void Deafen(const NodeId& node);
  void Reconnect(const NodeId& node);
  // Of messages to the node.
  void Delay(const NodeId& node, Duration delay) { delays_[node] = delay; }
  // Which are lost, by receiver and text.
  void LoseIf(std::function<bool(const NodeId&, std::string_view)> lose) { lose_ = std::move(lose); }
  void DeliverTwice() { copies_ = 2; }
  // As if somebody had published it to this node.
  void Inject(const NodeId& node, std::string message);

 private:
  class FakeBus;
  struct Station {
    net::Loop* loop = nullptr;
    FakeBus* bus = nullptr;
    bool hears = true;
    bool speaks = true;
  };
  Result<void> Send(const NodeId& from, const NodeId* to, const std::string& message);
  Task<void> Deliver(NodeId to, std::string message);

  std::map<NodeId, Station> stations_;
  std::set<NodeId> cut_;
  std::map<NodeId, Duration> delays_;
  std::function<bool(const NodeId&, std::string_view)> lose_;
  int copies_ = 1;
  std::unique_ptr<TaskScope> scope_;
};

}  // namespace tidemill::cluster::testing
