#include "accounts/rows.h"

#include "accounts/store.h"

namespace tidemill::accounts {

std::string TextOf(const sql::Row& row, std::size_t column) { return std::string(row[column].text); }

std::int64_t IntegerOf(const sql::Row& row, std::size_t column) {
  return row[column].AsInteger().value_or(0);
}

User UserOf(const sql::Row& row, std::size_t first) {
  return {.id = TextOf(row, first),
          .username = TextOf(row, first + 1),
          .name = TextOf(row, first + 2),
          .email = TextOf(row, first + 3),
          .role = ParseRole(row[first + 4].text).value_or(Role::kGuest),
          .disabled = IntegerOf(row, first + 5) != 0,
          .created_at = IntegerOf(row, first + 6),
          .console = TextOf(row, first + 8),
          .generation = IntegerOf(row, first + 7)};
}

Session SessionOf(const sql::Row& row, std::size_t first) {
  return {.id = TextOf(row, first),
          .created_at = IntegerOf(row, first + 1),
          .last_seen_at = IntegerOf(row, first + 2),
          .expires_at = IntegerOf(row, first + 3),
          .address = TextOf(row, first + 4),
          .agent = TextOf(row, first + 5)};
}

Invite InviteOf(const sql::Row& row) {
  return {.id = TextOf(row, 0),
          .role = ParseRole(row[1].text).value_or(Role::kGuest),
          .uses_left = IntegerOf(row, 2),
          .created_at = IntegerOf(row, 3),
          .expires_at = IntegerOf(row, 4),
          .email = TextOf(row, 5),
          .invited_by = TextOf(row, 6)};
}

AuditEntry AuditEntryOf(const sql::Row& row) {
  return {.id = IntegerOf(row, 0),
          .at = IntegerOf(row, 1),
          .actor = TextOf(row, 2),
          .action = TextOf(row, 3),
          .target = TextOf(row, 4),
          .address = TextOf(row, 5),
          .detail = TextOf(row, 6),
          .result = TextOf(row, 7),
          .actor_name = TextOf(row, 8),
          .target_name = TextOf(row, 9)};
}

void AppendEnded(const sql::Rows& rows, std::vector<std::string>& ended) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    ended.push_back(TokenIdOf(TextOf(rows[i], 0), IntegerOf(rows[i], 1)));
}

}  // namespace tidemill::accounts
