// MessageStore: messages and what is done to them. Part of Store (store.h), whose contract holds here too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chat/store/change.h"
#include "chat/store/member.h"
#include "chat/store/message.h"
#include "chat/store/refusal.h"
#include "chat/store/room.h"
#include "net/task.h"

namespace tidemill::chat {

struct Sent {
  Message message;
  bool is_new = true;                  // false: the same client_msg_id came before; this is what it became
  std::vector<std::string> mentioned;  // members whose count of mentions has grown
  std::optional<ThreadState> thread;   // of a reply: its root afterwards
  bool has_read = false;               // whoever sent it has read the room up to it
};

struct Appended {
  std::vector<Outcome<Sent>> sends;  // one for each send, in their order
  std::vector<Change> changes;       // message.created of each new one, then thread.updated of each thread
  Room room;                         // afterwards
};

// Of root messages, by seq; at most one of before, after and around.
struct MessageQuery {
  RoomId room;
  std::optional<Seq> before;  // and not that one
  std::optional<Seq> after;   // and not that one
  std::optional<Seq> around;  // half of them up to that one, half behind it
  std::size_t limit = 50;     // at most 100
};

struct MessagePage {
  std::vector<Message> messages;  // ascending
  bool has_more_before = false;
  bool has_more_after = false;
  Version version = 0;  // of the room, read before the messages
};

struct ReplyQuery {
  MessageId thread;
  std::optional<Seq> before;
  std::optional<Seq> after;
  std::size_t limit = 50;  // at most 100
};

struct Edit {
  std::int64_t number = 0;  // from 1: the text it began with
  std::string text;
  WallTime at;  // when that text was written
  std::string user_id;
};

struct TextChange {
  std::string text;
  Mentions mentions;  // of the new text; nobody is told of them anew
  bool has_link = false;
};

class MessageStore {
 public:
  static constexpr std::size_t kBatchMax = 64;
  static constexpr std::size_t kTextBytesMax = 64 << 10;
  static constexpr std::size_t kMetadataBytesMax = 16 << 10;
  static constexpr std::size_t kMentionsMax = 50;
  static constexpr std::size_t kAttachmentsMax = 10;
  static constexpr std::size_t kEmojiMax = 50;  // different ones on a message
  static constexpr std::size_t kEmojiBytesMax = 64;
  static constexpr std::size_t kPinsMax = 100;  // of a room
  static constexpr std::size_t kEditsKept = 50;

  virtual ~MessageStore() = default;

  // Up to kBatchMax sends to one room in one transaction: each is refused by itself, or gets the next seq and
  // version, without gaps and in the order given. One whose (user, client_msg_id) was there before, also in
  // this batch, gives the first one and takes no number; with another text, thread or type it is kConflict.
  // The sender's read marker moves to a root message of theirs; a reply makes its author, the root's author
  // and who is mentioned follow the thread. The whole is refused: kNotFound, kUnavailable, kTooMany.
  virtual Task<Outcome<Appended>> Append(RoomId room, std::vector<Send> sends) = 0;

  virtual Task<Outcome<std::optional<Message>>> Find(MessageId message) = 0;
  // kNotFound: no such room.
  virtual Task<Outcome<MessagePage>> List(MessageQuery query) = 0;
  // Of a thread, its root not among them. kNotFound: no such root.
  virtual Task<Outcome<MessagePage>> ListReplies(ReplyQuery query) = 0;
  // Texts before the present one, the oldest first: the newest kEditsKept.
  virtual Task<Outcome<std::vector<Edit>>> ListEdits(MessageId message) = 0;

  // message.updated. Its author's alone, who must be able to post (kForbidden). The same text: no changes.
  virtual Task<Outcome<Changed<Message>>> EditText(Acting acting, MessageId message, TextChange text) = 0;
  // message.deleted. The author's, or of who has acting.role_min (a moderator, say). Its text, reactions,
  // attachments, pin and history go; it keeps its place. Deleted already: no changes.
  virtual Task<Outcome<Changed<Message>>> Delete(Acting acting, MessageId message) = 0;

  // reaction.added, reaction.removed; no changes if it was so already. kTooMany; kForbidden: the room has
  // none.
  virtual Task<Outcome<Changed<Message>>> AddReaction(Acting acting, MessageId message,
                                                      std::string emoji) = 0;
  virtual Task<Outcome<Changed<Message>>> RemoveReaction(Acting acting, MessageId message,
                                                         std::string emoji) = 0;

  // pin.added, pin.removed; no changes if it was so already. kNotFound: not of that room, or deleted.
  virtual Task<Outcome<Changed<Message>>> Pin(Acting acting, RoomId room, MessageId message) = 0;
  virtual Task<Outcome<Changed<Message>>> Unpin(Acting acting, RoomId room, MessageId message) = 0;
  // The latest pinned first; all of them, at most kPinsMax.
  virtual Task<Outcome<std::vector<Message>>> ListPins(RoomId room) = 0;
};

}  // namespace tidemill::chat
