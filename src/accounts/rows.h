// Rows of the tables as values, in the order in which statements.cc selects them. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "accounts/user.h"
#include "sql/rows.h"

namespace tidemill::accounts {

inline constexpr std::size_t kUserColumns = 9;
inline constexpr std::size_t kSessionColumns = 6;

std::string TextOf(const sql::Row& row, std::size_t column);
std::int64_t IntegerOf(const sql::Row& row, std::size_t column);

User UserOf(const sql::Row& row, std::size_t first = 0);
Session SessionOf(const sql::Row& row, std::size_t first = 0);
Invite InviteOf(const sql::Row& row);
AuditEntry AuditEntryOf(const sql::Row& row);

// Ids of tokens from pairs of a session and a generation.
void AppendEnded(const sql::Rows& rows, std::vector<std::string>& ended);

}  // namespace tidemill::accounts
