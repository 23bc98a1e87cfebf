// Sender: this node's control messages on their way to the bus. Bounds the tasks that run for other nodes.
//
// Loop 0 only. Its tasks run in the scope of the cluster.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "cluster/bus.h"
#include "cluster/messages.h"
#include "cluster/metrics.h"
#include "cluster/room.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"

namespace tidemill::cluster {

class Sender {
 public:
  // How long other nodes have to reply.
  static constexpr Duration kReplyDeadline = Seconds(1);
  // Commands and answers under way here, this node's and those of others.
  static constexpr std::size_t kTasksMax = 10'000;

  // All are borrowed.
  Sender(net::Loop& loop, Bus& bus, NodeId self, ClusterMetrics& metrics, TaskScope& scope)
      : loop_(loop), bus_(bus), self_(std::move(self)), metrics_(metrics), scope_(scope) {}

  net::Loop& loop() const { return loop_; }
  MonotonicTime Now() const { return loop_.clock().Now(); }
  const NodeId& self() const { return self_; }
  TaskScope& scope() { return scope_; }

  // The text of a message from this node.
  std::string TextOf(decltype(Message::body) body) const;

  // To all nodes. kTimeout, or an error of Bus::Publish.
  Task<Result<void>> Publish(std::string text, MonotonicTime deadline);
  // To one, within kReplyDeadline. A message that is lost is sent again by the one that waits for its effect,
  // or that one names this node.
  Task<void> SendTo(NodeId node, std::string text);
  // The same in a task of its own, if there is room.
  void SpawnSend(const NodeId& node, std::string text);

  // Whether another task may be spawned; if not, it is counted as refused.
  bool HasRoom(Room room = Room::kWhole);

 private:
  net::Loop& loop_;
  Bus& bus_;
  const NodeId self_;
  ClusterMetrics& metrics_;
  TaskScope& scope_;
};

}  // namespace tidemill::cluster
