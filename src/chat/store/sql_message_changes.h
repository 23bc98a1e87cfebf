// SqlMessageChanges: what is done to one message after it was sent: edits, its deletion, reactions, pins.
//
// Loop thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chat/store/message_store.h"
#include "chat/store/room_work.h"
#include "chat/store/sql_context.h"

namespace tidemill::chat {

// As MessageStore says.
class SqlMessageChanges {
 public:
  // Both outlive it.
  SqlMessageChanges(SqlContext& context, const RoomStatements& rooms);

  using Result = Outcome<Changed<Message>>;
  Task<Result> EditText(Acting acting, MessageId message, TextChange text);
  Task<Result> Delete(Acting acting, MessageId message);

  enum class Reacts : std::uint8_t { kAdds, kRemoves };
  Task<Result> React(Acting acting, MessageId message, std::string emoji, Reacts reacts);
  enum class Pins : std::uint8_t { kPins, kUnpins };
  Task<Result> Pin(Acting acting, RoomId room, MessageId message, Pins pins);

 private:
  // The room of a message stays the same, so it is read before the lock. kNotFound.
  Task<Outcome<RoomId>> FindRoom(MessageId message);
  // Under the room's lock. kNotFound: also a deleted one.
  Task<Outcome<Message>> FindMessage(RoomWork& room, MessageId message) const;

  Task<Result> DoEditText(Work& work, RoomId id, Acting acting, MessageId message, TextChange text);
  Task<Result> DoDelete(Work& work, RoomId id, Acting acting, MessageId message);
  Task<Result> DoReact(Work& work, RoomId id, Acting acting, MessageId message, std::string emoji,
                       Reacts reacts);
  Task<Result> DoPin(Work& work, RoomId id, Acting acting, MessageId message, Pins pins);

  std::vector<sql::Call> CallsOfEdit(const Message& before, const Message& after, bool has_link) const;
  std::vector<sql::Call> CallsOfDelete(const Message& before, const Message& after) const;
  // The last message of a room's row, where it is this one.
  static void UpdatePreview(Room& room, const Message& message);
  // Who reacted with it, after someone beyond those that are shown may have come into view.
  Task<Outcome<>> RefillUsers(Work& work, MessageId message, Reaction& reaction) const;

  SqlContext& context_;
  const RoomStatements& rooms_;
  const sql::Statement find_room_;
  const sql::Statement find_message_;
  const sql::Statement edit_;
  const sql::Statement insert_edit_;
  const sql::Statement drop_edits_;
  const sql::Statement delete_;
  const sql::Statement delete_edits_;
  const sql::Statement delete_told_;
  const sql::Statement delete_reactions_;
  const sql::Statement delete_pin_;
  const sql::Statement free_attachments_;
  const sql::Statement uncount_mentions_;
  const sql::Statement delete_mentions_;
  const sql::Statement insert_search_;  // SQLite only, as the next
  const sql::Statement delete_search_;
  const sql::Statement insert_reaction_;
  const sql::Statement delete_reaction_;
  const sql::Statement find_reacted_;
  const sql::Statement save_reactions_;
  const sql::Statement count_pins_;
  const sql::Statement insert_pin_;
  const sql::Statement save_pinned_;
};

}  // namespace tidemill::chat
