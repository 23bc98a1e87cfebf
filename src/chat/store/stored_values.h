// Rows of the tables as values, and values as the JSON texts that stand in columns.
//
// Each reads the columns of its word in sql_context.cc, in their order. Functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/store/cells.h"
#include "chat/store/member.h"
#include "chat/store/message.h"
#include "chat/store/room.h"
#include "chat/store/user.h"
#include "sql/rows.h"

namespace tidemill::chat {

// A member's row as it is.
struct MemberRow {
  std::string user_id;
  Role role = Role::kMember;
  WallTime joined_at;
  std::optional<WallTime> muted_until;
  Notify notify = Notify::kAll;
  bool is_starred = false;
  std::string draft;
  Seq read_seq = 0;
  std::int64_t read_root_n = 0;     // root messages up to read_seq
  std::int64_t read_mention_n = 0;  // of these, those that mention the whole room
  std::int64_t mention_count = 0;   // of this member alone, behind read_seq
  WallTime last_sent_at;
};

User UserOf(Cells& cells);
Room RoomOf(Cells& cells);
// nullopt: an outer join has found none; the cells are skipped.
std::optional<MemberRow> MemberRowOf(Cells& cells);
Message MessageOf(Cells& cells);

Membership MembershipOf(const MemberRow& row, const Room& room);
// ROOM_COLUMNS, MEMBER_COLUMNS
RoomView RoomViewOf(const sql::Row& row);
// USER_COLUMNS, MEMBER_COLUMNS
Member MemberOf(RoomId room, const sql::Row& row);

template <class T>
std::vector<T> ListOf(const sql::Rows& rows, T (*read)(Cells&)) {
  std::vector<T> list;
  list.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Cells cells(rows[i]);
    list.push_back(read(cells));
  }
  return list;
}

// "" for what is empty.
std::string StoredTexts(const std::vector<std::string>& texts);
std::string StoredMentions(const Mentions& mentions);
std::string StoredReactions(const std::vector<Reaction>& reactions);
std::string StoredAttachments(const std::vector<Attachment>& attachments);

std::vector<std::string> ReadTexts(std::string_view json);
RoomSettings ReadSettings(std::string_view json);

}  // namespace tidemill::chat
