// What the words of a statement tell beside what the database says of it. Functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/database.h"

namespace tidemill::queries {

// False: a column may be null in the result although it is not in its table: an outer join, grouping sets, or
// the row as it was before an insert.
bool KeepsNotNull(std::string_view statement, sql::Dialect dialect);

// A name in quotes, "a""b" or [a], without them.
std::string Unquoted(std::string_view name);

// The tables behind "insert into", "update", "delete from", "merge into" and "truncate", as they are written
// there, without quotes; each once, sorted.
std::vector<std::string> WrittenTables(std::string_view statement, sql::Dialect dialect);

// Whether any of `names` (in lower case) is a word of the statement.
bool Mentions(std::string_view statement, sql::Dialect dialect, const std::vector<std::string>& names);

// What in the statement gives something else each time, although nobody writes: a call by that name ("now"),
// a word ("current_date"), SQLite's text 'now', and its unixepoch() without arguments. "": none of those that
// are known.
std::string FindMoving(std::string_view statement, sql::Dialect dialect);

}  // namespace tidemill::queries
