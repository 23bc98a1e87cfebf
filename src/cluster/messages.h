// The control messages that nodes send one another, as values and as JSON:
//
//   {"v":1,"type":"unsubscribe","from":"<node id>","body":{"id":7,"target":{"user":"u"},"channel":"news"}}
//
// Nodes of one minor step work together: a reader skips members it does not know, and whole messages of a
// type or version it does not know; a writer only ever adds members, and leaves out those that are empty.
// What changes the meaning of a member gets another type. Payloads, which may be any bytes, are in base64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cluster/bus.h"
#include "realtime/broker/broker.h"
#include "realtime/control/directory.h"

namespace tidemill::cluster {

inline constexpr std::uint64_t kMessageVersion = 1;
// The channels of an answer end here, and it says that it is truncated.
inline constexpr std::size_t kAnswerBytesMax = 1 << 20;

// "node": I am here. node.uid is the message's `from`.
struct Heartbeat {
  control::NodeInfo node;
  bool hello = false;  // I do not know the others yet: answer with yours
  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

// "left": I end; my sessions have ended.
struct Left {
  friend bool operator==(const Left&, const Left&) = default;
};

// "disconnect", "unsubscribe", "subscribe", "refresh": act on your sessions.
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
using Question = std::variant<AskChannels, AskUser, AskNode>;
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
using Finding = std::variant<ChannelsAnswer, UserAnswer, control::NodeInfo, FailedAnswer>;
struct Answer {
  std::uint64_t id = 0;
  Finding finding;
  friend bool operator==(const Answer&, const Answer&) = default;
};

struct Message {
  NodeId from;
  std::variant<Heartbeat, Left, Command, Ack, Survey, Answer> body;
  friend bool operator==(const Message&, const Message&) = default;
};

std::string Encode(const Message& message);

// nullopt: of a type or version that this node does not know. kInvalidArgument: malformed.
Result<std::optional<Message>> Decode(std::string_view text);

}  // namespace tidemill::cluster
