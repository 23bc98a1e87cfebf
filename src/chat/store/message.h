// Message and its parts, and what a send carries. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "chat/store/ids.h"

namespace tidemill::chat {

enum class MessageType : std::uint8_t { kText, kSystem };
std::string_view Name(MessageType type);

struct Reaction {
  std::string emoji;
  std::int64_t count = 0;
  std::vector<std::string> user_ids;  // the first 50
  friend bool operator==(const Reaction&, const Reaction&) = default;
};

struct Mentions {
  std::vector<std::string> user_ids;
  bool room = false;
  bool here = false;
  bool empty() const { return user_ids.empty() && !room && !here; }
  friend bool operator==(const Mentions&, const Mentions&) = default;
};

struct Attachment {
  AttachmentId id;
  std::string name;
  std::string type;  // "image/png"
  std::int64_t size = 0;
  std::int64_t width = 0;  // 0: not known
  std::int64_t height = 0;
  friend bool operator==(const Attachment&, const Attachment&) = default;
};

struct Message {
  MessageId id;
  RoomId room_id;
  Seq seq = 0;
  std::string user_id;
  MessageType type = MessageType::kText;
  std::string text;           // markdown; "" once deleted
  std::string client_msg_id;  // "": none
  MessageId thread_id;        // of the root message; 0: it is not in a thread
  std::int64_t reply_count = 0;
  std::optional<WallTime> last_reply_at;
  std::vector<std::string> reply_user_ids;  // at most 5, the latest first
  std::vector<Reaction> reactions;
  Mentions mentions;
  std::vector<Attachment> attachments;
  bool is_pinned = false;
  std::optional<WallTime> edited_at;
  std::optional<WallTime> deleted_at;
  WallTime created_at;
  Version version = 0;   // of its last change
  std::string metadata;  // a JSON object; "": none
  friend bool operator==(const Message&, const Message&) = default;
};

// What a reply changes of its thread's root.
struct ThreadState {
  MessageId message_id;
  std::int64_t reply_count = 0;
  std::optional<WallTime> last_reply_at;
  std::vector<std::string> reply_user_ids;
  friend bool operator==(const ThreadState&, const ThreadState&) = default;
};

enum class Sender : std::uint8_t {
  kMember,  // membership, role, mute, slow mode and the room's settings are looked at
  kServer,  // hooks, system messages, imports: only that the room is there and not archived
};

struct Send {
  Sender sender = Sender::kMember;
  std::string user_id;
  std::string client_msg_id;  // at most 64 bytes; "": sent again, it is there twice
  MessageType type = MessageType::kText;
  std::string text;
  MessageId thread_id;
  Mentions mentions;
  std::vector<AttachmentId> attachment_ids;
  std::string metadata;  // a JSON object, checked by the caller; "": none
  bool has_link = false;
  bool by_clock = false;  // sent at its time: whoever wrote it need not have read what stands before it
};

}  // namespace tidemill::chat
