// Cursor: the place between two pages of a keyset, as text that clients keep and give back.
//
// It holds the columns' values to the letter. It is neither secret nor signed: its values are bound like any
// other parameter, and a client may ask for any place anyhow. What it is not made for is refused: `purpose`
// says for which endpoint and columns it is, and what changed since then does not match. Functions; any
// thread.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "queries/catalog/endpoint.h"
#include "sql/database.h"
#include "sql/parameter.h"
#include "sql/rows.h"

namespace tidemill::queries {

// Base64url. `values` without nulls.
std::string MakeCursor(std::string_view purpose, std::span<const sql::Field> values, sql::Dialect dialect);

// As many values as are asked for. The error: "is no cursor of this endpoint".
std::expected<sql::Parameters, std::string> ReadCursor(std::string_view purpose, std::size_t values,
                                                       std::string_view cursor);

// What the cursors of an endpoint are for: `columns` are those of its keyset, as indices into its columns.
std::string CursorPurpose(const Endpoint& endpoint, const std::vector<std::size_t>& columns);

// The indices into its columns, in the order of its keyset; the error names a column that it does not give.
std::expected<std::vector<std::size_t>, std::string> KeysetColumns(const Endpoint& endpoint);

}  // namespace tidemill::queries
