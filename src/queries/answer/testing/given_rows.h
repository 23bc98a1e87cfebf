// Rows as a database would give them, for tests.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sql/rows.h"

namespace tidemill::queries::testing {

using TypePtr = std::shared_ptr<const sql::Type>;
using GivenRow = std::vector<std::optional<std::string>>;  // nullopt: NULL

std::shared_ptr<const sql::Columns> ColumnsOf(const std::vector<std::pair<std::string, TypePtr>>& columns);

// Each field is of its column's kind.
sql::Rows RowsOf(const std::shared_ptr<const sql::Columns>& columns, const std::vector<GivenRow>& rows);

// As a call gives them to a sink.
void Give(const sql::Rows& rows, sql::RowSink& sink);

}  // namespace tidemill::queries::testing
