// Cluster: this node among the others: which nodes are there, what they have, and commands that reach them
// all.
//
// It puts the parts together and gives each message to its part: membership.h, commands.h, surveys.h. What
// other nodes ask for is done on the `local` directory, which is of this node only. How messages travel is
// not known here (bus.h). cluster_directory.h makes of it what sessions and the API use.
//
// Thread: one per node, on loop 0 only. Built before the loops run; Start comes when they do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cluster/bus.h"
#include "cluster/commands.h"
#include "cluster/membership.h"
#include "cluster/messages.h"
#include "cluster/metrics.h"
#include "cluster/pending_replies.h"
#include "cluster/sender.h"
#include "cluster/surveys.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "realtime/broker/broker.h"
#include "realtime/control/directory.h"

namespace tidemill::cluster {

class Cluster final : public BusEvents {
 public:
  // All are borrowed. `local` belongs to loop 0; self is the uid in its Nodes().
  Cluster(net::Loop& loop, Bus& bus, control::Directory& local, NodeId self, ClusterMetrics& metrics);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  void Start() { membership_.Start(); }
  // Says that this node ends. For after the last session has.
  Task<Result<void>> Leave() { return membership_.Leave(); }

  // On every other node: completes when all live ones have carried it out. Sets the command's id.
  // kTimeout names the nodes that did not acknowledge in time, and may still act; the others did.
  // kUnavailable: the bus is down. kLimitExceeded: the command is too large, or too many wait.
  // Any other: what a node failed with, and which.
  Task<Result<void>> Run(Command command) { return commands_.Run(std::move(command)); }
  // The same on one other node. kNotFound: it is not there.
  Task<Result<void>> RunOn(NodeId node, Command command) {
    return commands_.RunOn(std::move(node), std::move(command));
  }
  // The same without waiting: nothing says whether it arrived.
  void SendUnacknowledged(Command command) { commands_.SendUnacknowledged(std::move(command)); }

  // Of all other nodes. kTimeout names the nodes that did not answer; kLimitExceeded: a node has too many
  // channels, or too many surveys wait.
  Task<Result<std::vector<broker::ChannelCount>>> ChannelsElsewhere(std::string pattern) {
    return surveys_.ChannelsElsewhere(std::move(pattern));
  }
  Task<Result<std::vector<control::ConnectionsPage>>> ConnectionsElsewhere(control::ConnectionsQuery query) {
    return surveys_.ConnectionsElsewhere(std::move(query));
  }
  // Of those that answer within Surveys::kCountDeadline.
  Task<std::uint64_t> CountElsewhere(std::string user) { return surveys_.CountElsewhere(std::move(user)); }
  // By name; a node that does not answer with its last counts.
  Task<std::vector<control::NodeInfo>> NodesElsewhere() { return surveys_.NodesElsewhere(); }

  // Any thread.
  const NodeId& self() const { return sender_.self(); }
  net::Loop& loop() { return loop_; }
  // For tasks that end before the cluster does.
  TaskScope& scope() { return scope_; }

  void OnMessage(std::string_view text) override;
  void OnLost() override { membership_.OnLost(); }
  void OnRestored() override { membership_.OnRestored(); }

 private:
  void On(const NodeId& from, Heartbeat heartbeat);
  void On(const NodeId& from, Left left);
  void On(const NodeId& from, Command command);
  void On(const NodeId& from, Ack ack);
  void On(const NodeId& from, Survey survey);
  void On(const NodeId& from, SurveyReply reply);

  net::Loop& loop_;
  ClusterMetrics& metrics_;
  Sender sender_;
  Membership membership_;
  ReplyRouter replies_;
  Commands commands_;
  Surveys surveys_;
  TaskScope scope_;  // last: its tasks refer to all above
};

}  // namespace tidemill::cluster
