// The control messages that nodes send one another, as values. encode.h and decode.h: as JSON;
// docs/formats/control-messages.md: member by member.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cluster/bus.h"
#include "realtime/broker/broker.h"
#include "realtime/control/directory.h"

namespace tidemill::cluster {

inline constexpr std::uint64_t kMessageVersion = 1;
// An answer of channels stops at this length, and says that it is truncated.
inline constexpr std::size_t kAnswerBytesMax = 1 << 20;
// The same of connections; one more may take nearly as much.
inline constexpr std::size_t kConnectionsBytesMax = 512 << 10;

// "node": this node is here. node.uid is the message's `from`.
struct Heartbeat {
  control::NodeInfo node;
  bool hello = false;  // the sender knows no other node yet: answer with your heartbeat
  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

// "left": the sender ends; its sessions have ended.
struct Left {
  friend bool operator==(const Left&, const Left&) = default;
};

// "disconnect", "unsubscribe", "subscribe", "refresh", "deliver": act on sessions of the receiver.
struct Command {
  std::uint64_t id = 0;  // of this sender: the same id is the same command
  control::Target target;
  control::Action action;
  bool wants_ack = true;  // and is carried out once, however often it comes
  friend bool operator==(const Command&, const Command&) = default;
};

// "ack": the command is carried out here, or failed.
struct Ack {
  std::uint64_t id = 0;
  Result<void> result;
  friend bool operator==(const Ack&, const Ack&) = default;
};

// "survey": a question to all nodes, by its only member: {"id":7,"channels":{"pattern":"chat:*"}}.
struct AskChannels {
  std::string pattern;
  friend bool operator==(const AskChannels&, const AskChannels&) = default;
};
struct AskUser {
  std::string user;
  friend bool operator==(const AskUser&, const AskUser&) = default;
};
struct AskNode {
  friend bool operator==(const AskNode&, const AskNode&) = default;
};
using AskConnections = control::ConnectionsQuery;
using Question = std::variant<AskChannels, AskUser, AskNode, AskConnections>;
struct Survey {
  std::uint64_t id = 0;
  Question question;
  friend bool operator==(const Survey&, const Survey&) = default;
};

// "answer", in the same form.
struct ChannelsAnswer {
  std::vector<broker::ChannelCount> channels;
  bool truncated = false;  // there are more
  friend bool operator==(const ChannelsAnswer&, const ChannelsAnswer&) = default;
};
struct UserAnswer {
  std::uint64_t sessions = 0;
  friend bool operator==(const UserAnswer&, const UserAnswer&) = default;
};
struct FailedAnswer {
  Error error;
  friend bool operator==(const FailedAnswer&, const FailedAnswer&) = default;
};
// NodeInfo without its uid.
using Answer =
    std::variant<ChannelsAnswer, UserAnswer, control::NodeInfo, FailedAnswer, control::ConnectionsPage>;
struct SurveyReply {
  std::uint64_t id = 0;
  Answer answer;
  friend bool operator==(const SurveyReply&, const SurveyReply&) = default;
};

struct Message {
  NodeId from;
  std::variant<Heartbeat, Left, Command, Ack, Survey, SurveyReply> body;
  friend bool operator==(const Message&, const Message&) = default;
};

}  // namespace tidemill::cluster
