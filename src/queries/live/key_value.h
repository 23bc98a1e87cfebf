// KeyValueOf: a parameter of a call as changes tell of the values of a column (postgres_changes.h): the text
// that PostgreSQL writes for it.
//
// A function; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "queries/catalog/endpoint.h"
#include "sql/parameter.h"

namespace tidemill::queries::live {

// Longer ones are no keys.
inline constexpr std::size_t kKeyValueBytesMax = 200;

// Nullopt: any change of its table may matter to the call.
std::optional<std::string> KeyValueOf(LiveKey::Kind kind, const sql::Parameter& parameter);

}  // namespace tidemill::queries::live
