// Cluster: this node among the others: who is there, what they have, and commands that reach them all.
//
// It sends a heartbeat each kHeartbeat and keeps the table of live nodes by theirs. What other nodes ask for
// is done on the `local` directory, which is of this node only. It knows nothing of how messages travel
// (bus.h). cluster_directory.h makes of it what sessions and the API use.
//
// Thread: one per node, on loop 0 only. Built before the loops run; Start comes when they do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cluster/bus.h"
#include "cluster/messages.h"
#include "cluster/metrics.h"
#include "cluster/node_table.h"
#include "cluster/poll.h"
#include "cluster/recent_commands.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "net/timer_wheel.h"
#include "realtime/broker/broker.h"
#include "realtime/control/directory.h"

namespace tidemill::cluster {

class Cluster final : public BusEvents, private net::Timer {
 public:
  static constexpr Duration kHeartbeat = Seconds(3);
  // How long the others have to reply to commands and surveys; to counts, for which connecting clients wait.
  static constexpr Duration kReplyDeadline = Seconds(1);
  static constexpr Duration kCountDeadline = Milliseconds(250);
  // Who has not acknowledged by then is sent the command again.
  static constexpr Duration kResendAfter = Milliseconds(400);
  // After the first heartbeat that was sent, or was sent again: by then the others have said who they are.
  static constexpr Duration kIntroduction = Milliseconds(300);
  // How old the counts in a heartbeat may be: taking them visits every session.
  static constexpr Duration kCountsAge = Seconds(30);
  // An answer may be a megabyte, and all nodes send theirs at once.
  static constexpr std::size_t kChannelSurveysMax = 4;
  // Of other nodes, under way here.
  static constexpr std::size_t kTasksMax = 10'000;

  // All are borrowed. `local` belongs to loop 0; self is the uid in its Nodes().
  Cluster(net::Loop& loop, Bus& bus, control::Directory& local, NodeId self, ClusterMetrics& metrics);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  void Start();
  // Says that this node ends. For after the last session has.
  Task<Result<void>> Leave();

  // On every other node: completes when all live ones have carried it out. Gives the id itself.
  // kTimeout names the nodes that did not acknowledge within kReplyDeadline, and may still act; the others
  // did. kUnavailable: the bus is down. kLimitExceeded: too large, or too many wait. Any other: what a node
  // failed with, and which.
  Task<Result<void>> Run(Command command);
  // The same without waiting, and without a word if it does not arrive.
  void Tell(Command command);

  // Of all other nodes. kTimeout names the nodes that did not answer, kLimitExceeded one with too many.
  Task<Result<std::vector<broker::ChannelCount>>> ChannelsElsewhere(std::string pattern);
  // Of those that answer within kCountDeadline.
  Task<std::uint64_t> CountElsewhere(std::string user);
  // By name; one that does not answer with its last counts.
  Task<std::vector<control::NodeInfo>> NodesElsewhere();

  net::Loop& loop() { return loop_; }
  // For tasks that end before the cluster does.
  TaskScope& scope() { return scope_; }

  void OnMessage(std::string_view text) override;
  void OnLost() override;
  void OnRestored() override;

 private:
  using Replies = std::vector<std::pair<NodeId, Reply>>;
  struct Surveyed {
    Replies replies;
    Result<void> complete;  // or who is missing
  };

  void OnTimer() override;
  Task<void> Introduce();
  Task<void> TakeCounts();
  Task<void> Beat();
  std::string OwnHeartbeat(bool hello) const;
  Task<void> Introduced();
  Result<void> Reachable() const;
  void Keep(const control::NodeInfo& own);

  void On(const NodeId& from, Heartbeat heartbeat);
  void On(const NodeId& from, Left left);
  void On(const NodeId& from, Command command);
  void On(const NodeId& from, Ack ack);
  void On(const NodeId& from, Survey survey);
  void On(const NodeId& from, Answer answer);
  Task<void> CarryOut(NodeId from, Command command);
  Task<void> AnswerTo(NodeId from, Survey survey);
  Task<Finding> Find(Question question);

  Task<Surveyed> Ask(Question question, std::vector<NodeId> nodes, Duration patience);
  Error Missing(const Poll& poll, std::string_view what);
  std::string NameOf(const NodeId& node) const;
  Message From(decltype(Message::body) body) const { return {.from = self_, .body = std::move(body)}; }
  Task<Result<void>> Publish(std::string text, MonotonicTime deadline);
  Task<void> SendTo(NodeId node, std::string text);
  void SpawnSend(const NodeId& node, std::string text);
  bool HasRoom();
  void CountNodes();
  MonotonicTime Now() const { return loop_.clock().Now(); }

  net::Loop& loop_;
  Bus& bus_;
  control::Directory& local_;
  const NodeId self_;
  ClusterMetrics& metrics_;
  NodeTable table_;
  RecentCommands recent_;
  Polls polls_;
  control::NodeInfo own_;
  MonotonicTime counted_at_{};
  MonotonicTime introduced_at_{};
  MonotonicTime ticked_at_{};
  std::int64_t nodes_counted_ = 0;
  std::int64_t ticks_ = 0;
  std::size_t channel_surveys_ = 0;
  bool hello_due_ = true;
  bool beating_ = false;
  bool counting_ = false;
  bool lost_ = false;
  bool left_ = false;
  TaskScope scope_;  // last, so that nothing its tasks refer to ends before them
};

}  // namespace tidemill::cluster
