// ChatModel: what a chat must be after a series of writes, in plain memory and
// counted afresh each time; and DifferenceOf, which compares a store with it.
//
// It is told what was done, never how it is stored. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "chat/store/store.h"
#include "net/loop.h"

namespace tidemill::chat::testing {

struct ModelMessage {
  MessageId id;
  std::string user;
  MessageType type = MessageType::kText;
  std::string text;
  Seq thread = 0;  // of its root; 0: none
  Mentions mentions;
  std::set<std::string> counted;  // members whom it mentioned by name when it was sent
  bool is_deleted = false;
  bool is_pinned = false;
  std::map<std::string, std::set<std::string>> reactions;
  std::vector<std::string> earlier_texts;
  bool is_root() const { return type == MessageType::kText && thread == 0; }
};

struct ModelMember {
  Role role = Role::kMember;
  Seq read_seq = 0;
  Seq joined_at_seq = 0;  // mentions from before do not count any more
};

struct ModelFollower {
  bool is_following = false;
  Seq read_seq = 0;
};

struct ModelRoom {
  RoomId id;
  std::vector<ModelMessage> messages;  // messages[seq - 1]
  Version version = 0;
  std::map<std::string, ModelMember> members;
  std::map<std::pair<Seq, std::string>, ModelFollower> followers;  // of a root's seq

  ModelMessage& At(Seq seq) { return messages.at(static_cast<std::size_t>(seq - 1)); }
  const ModelMessage& At(Seq seq) const { return messages.at(static_cast<std::size_t>(seq - 1)); }
  Seq last_seq() const { return static_cast<Seq>(messages.size()); }

  // After a send that was accepted: its place, marker and followers. How many
  // versions it takes is the caller's to add, as threads of a batch change
  // once.
  void Add(ModelMessage message);
  void Remove(const std::string& user);

  // Counted afresh.
  std::int64_t UnreadOf(const std::string& user) const;
  std::int64_t MentionsOf(const std::string& user) const;
  std::int64_t UnreadRepliesOf(Seq thread, const std::string& user) const;
};

// "" where the store has what the model says.
std::string DifferenceOf(net::Loop& loop, Store& store, const ModelRoom& room);

}  // namespace tidemill::chat::testing
