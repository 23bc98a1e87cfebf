// SqliteType: the type of a parameter, where SQLite knows none and only the file says it. Any thread.
#pragma once

#include <memory>
#include <string_view>

#include "sql/type.h"

namespace tidemill::queries {

// "int", "text", "timestamptz", "text[]": names of SQLite and of Postgres. A name that says nothing is text.
std::shared_ptr<const sql::Type> SqliteType(std::string_view declared);

}  // namespace tidemill::queries
