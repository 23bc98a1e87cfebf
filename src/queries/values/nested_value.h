// Arrays and composites of clients as Postgres' literals, '{1,NULL,"a"}' and '("a",,"b")': what
// sql::ArrayText and sql::RecordText read. PostgreSQL documentation, sections 8.15.6 and 8.16.6. Functions;
// any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "queries/values/value.h"
#include "sql/type.h"

namespace tidemill::queries {

// `json` is a valid JSON value; the error is for one that is no array, or whose elements are not alike.
Checked<std::string> ArrayLiteral(const sql::Type& array, std::string_view json);
Checked<std::string> ArrayLiteral(const sql::Type& array, std::span<const std::string> texts);
// SQLite gets arrays as JSON, for json_each; their elements are checked.
Checked<std::string> ArrayJson(const sql::Type& array, std::string_view json);
Checked<std::string> ArrayJson(const sql::Type& array, std::span<const std::string> texts);
// From an object; attributes that it does not name are NULL.
Checked<std::string> RecordLiteral(const sql::Type& composite, std::string_view json);

}  // namespace tidemill::queries
