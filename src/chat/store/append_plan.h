// AppendPlan: what a batch of sends to one room comes to, decided in memory from what was read in the
// transaction: who is refused, who was there before, numbers, markers, threads, changes.
//
// It knows no database. One owner at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "chat/store/attachment_store.h"
#include "chat/store/ids.h"
#include "chat/store/message_store.h"
#include "chat/store/stored_values.h"

namespace tidemill::chat {

// A message's row: what Message does not show.
struct MessageRow {
  Message message;
  std::int64_t send_hash = 0;  // of what was sent, to know it again after an edit
  std::int64_t root_n = 0;     // root messages up to this one
  std::int64_t mention_n = 0;  // of these, those that mention the whole room
  std::int64_t reply_n = 0;    // its number in its thread
  std::int64_t flags = 0;      // MessageFlag
};

enum MessageFlag : std::int64_t { kHasLink = 1, kHasFile = 2, kMentionsRoom = 4 };

std::int64_t FlagsOf(bool has_link, const std::vector<Attachment>& attachments);
// Of text, type and thread.
std::int64_t SendHash(const Send& send);

// What was read, all of it under the room's lock.
struct AppendFacts {
  struct Earlier {
    Message message;
    std::int64_t send_hash = 0;
  };
  using ClientKey = std::pair<std::string, std::string>;  // user, client_msg_id

  Room room;
  WallTime now;
  std::map<std::string, MemberRow, std::less<>> members;  // senders, whom they mention, roots' authors
  std::map<ClientKey, Earlier> earlier;
  std::map<MessageId, Message> roots;
  std::map<AttachmentId, StoredAttachment> attachments;
};

// A text that can be stored at all, whatever the room says.
Outcome<> CheckSend(const Send& send);

class AppendPlan {
 public:
  AppendPlan(AppendFacts facts, IdMaker& ids) : facts_(std::move(facts)), ids_(ids) {}

  void Add(Send send);
  // After all of them: versions of the threads.
  void Finish();

  struct Follower {
    bool is_author = false;  // of a reply: has read up to it; others begin to follow before it
    Seq read_seq = 0;
    std::int64_t read_n = 0;
  };
  struct Mention {
    std::string user;
    Seq seq = 0;
  };

  const Room& room() const { return facts_.room; }
  const std::vector<MessageRow>& rows() const { return rows_; }
  // Those whose markers, counts or times are others now.
  std::vector<const MemberRow*> changed_members() const;
  const std::vector<Mention>& mentions() const { return mentions_; }
  const std::map<std::pair<MessageId, std::string>, Follower>& followers() const { return followers_; }
  std::vector<const Message*> changed_roots() const;
  const std::map<AttachmentId, MessageId>& bound() const { return bound_; }
  // Type and data, for versions that follow each other up to the room's.
  std::vector<Change> TakeChanges() { return std::move(changes_); }
  std::vector<Outcome<Sent>> TakeSends() { return std::move(sends_); }

 private:
  Outcome<Sent> Decide(Send& send);
  std::optional<Outcome<Sent>> FindEarlier(const Send& send, std::int64_t hash) const;
  Outcome<> CheckRoom(const Send& send) const;
  Outcome<> CheckMember(const Send& send) const;
  Outcome<> CheckThread(const Send& send) const;
  Outcome<std::vector<Attachment>> FindAttachments(const Send& send) const;
  MessageRow MakeRow(Send& send, std::vector<Attachment> attachments, std::int64_t hash);
  // Whether they have read the room up to it.
  bool MoveMarker(const MessageRow& row, bool by_clock);
  std::vector<std::string> CountMentions(const Send& send, const Message& message);
  ThreadState Reply(const Message& message, std::int64_t reply_n, bool by_clock);
  void Follow(MessageId thread, const std::string& user, const Follower& follower);

  AppendFacts facts_;
  IdMaker& ids_;
  std::vector<MessageRow> rows_;
  std::set<std::string, std::less<>> touched_;  // members that have changed
  std::vector<Mention> mentions_;
  std::map<std::pair<MessageId, std::string>, Follower> followers_;
  std::vector<MessageId> replied_;  // roots that have changed, in order
  std::map<AttachmentId, MessageId> bound_;
  std::vector<Change> changes_;
  std::vector<Outcome<Sent>> sends_;
};

// The first characters, for lists of rooms.
std::string PreviewOf(std::string_view text);

}  // namespace tidemill::chat
