// Commands: commands to the sessions of all other nodes, and those that other nodes send to this one.
//
// A command is sent to all live nodes, after kResendAfter again to those that have not acknowledged it, and
// ends at Sender::kReplyDeadline. Each node carries it out once. Loop 0 only.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "cluster/membership.h"
#include "cluster/messages.h"
#include "cluster/metrics.h"
#include "cluster/pending_replies.h"
#include "cluster/recent_commands.h"
#include "cluster/room.h"
#include "cluster/sender.h"
#include "net/task.h"
#include "realtime/control/directory.h"

namespace tidemill::cluster {

class Commands {
 public:
  static constexpr Duration kResendAfter = Milliseconds(400);

  // All are borrowed. `local`: where commands of other nodes are carried out.
  Commands(Sender& sender, Membership& membership, ReplyRouter& replies, control::Directory& local,
           ClusterMetrics& metrics)
      : sender_(sender), membership_(membership), replies_(replies), local_(local), metrics_(metrics) {}

  // As in Cluster.
  Task<Result<void>> Run(Command command);
  Task<Result<void>> RunOn(NodeId node, Command command);
  void SendUnacknowledged(Command command);

  // A command of another node.
  void OnCommand(const NodeId& from, Command command);

 private:
  // Whether a command with that room may be sent to other nodes now.
  Task<Result<void>> Ready(Room room);
  // Of a command whose text has been sent: sends it again where that is due, and gives what came of it.
  Task<Result<void>> Outcome(PendingReplies& pending, const std::string& text, MonotonicTime begun);
  static Task<void> PublishUnacknowledged(Sender& sender, std::string text);
  Task<void> CarryOut(NodeId from, Command command);

  Sender& sender_;
  Membership& membership_;
  ReplyRouter& replies_;
  control::Directory& local_;
  ClusterMetrics& metrics_;
  RecentCommands recent_;
};

}  // namespace tidemill::cluster
