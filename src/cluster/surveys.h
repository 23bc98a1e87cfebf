// Surveys: questions to all other nodes and their answers, and the answers to those of other nodes.
//
// Loop 0 only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cluster/membership.h"
#include "cluster/messages.h"
#include "cluster/metrics.h"
#include "cluster/pending_replies.h"
#include "cluster/sender.h"
#include "net/task.h"
#include "realtime/broker/broker.h"
#include "realtime/control/directory.h"

namespace tidemill::cluster {

class Surveys {
 public:
  // For counts, which connecting clients wait for.
  static constexpr Duration kCountDeadline = Milliseconds(250);
  // An answer may be a megabyte, and all nodes send theirs at once.
  static constexpr std::size_t kChannelSurveysMax = 4;  // those of channels and of connections together

  // All are borrowed. `local`: what this node answers.
  Surveys(Sender& sender, Membership& membership, ReplyRouter& replies, control::Directory& local,
          ClusterMetrics& metrics)
      : sender_(sender), membership_(membership), replies_(replies), local_(local), metrics_(metrics) {}

  // As in Cluster.
  Task<Result<std::vector<broker::ChannelCount>>> ChannelsElsewhere(std::string pattern);
  Task<Result<std::vector<control::ConnectionsPage>>> ConnectionsElsewhere(control::ConnectionsQuery query);
  Task<std::uint64_t> CountElsewhere(std::string user);
  Task<std::vector<control::NodeInfo>> NodesElsewhere();

  // A question of another node.
  void OnSurvey(const NodeId& from, Survey survey);

 private:
  using Replies = std::vector<std::pair<NodeId, Reply>>;
  struct Surveyed {
    Replies replies;
    Result<void> complete;  // an error names the nodes that are missing
  };

  // Of those whose answers may be large: a T of every live node, or why not.
  template <class T>
  Task<Result<std::vector<std::pair<NodeId, T>>>> AskForMuch(Question question);
  Task<Surveyed> Ask(Question question, std::vector<NodeId> nodes, Duration patience);
  Task<void> ReplyTo(NodeId from, Survey survey);
  Task<Answer> AnswerTo(Question question);

  Sender& sender_;
  Membership& membership_;
  ReplyRouter& replies_;
  control::Directory& local_;
  ClusterMetrics& metrics_;
  std::size_t channel_surveys_ = 0;
};

}  // namespace tidemill::cluster
