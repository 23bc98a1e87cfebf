// DatabaseProblem: what a database says of a statement, at the place in the file that it means.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "queries/files/problem.h"
#include "queries/files/query.h"

namespace tidemill::files {

// A place in the text that the database got (statement.sql.text).
struct DatabasePosition {
  enum class Unit : std::uint8_t {
    kCharacterFrom1,  // Postgres' field P
    kByteFrom0,       // sqlite3_error_offset
  };
  Unit unit = Unit::kCharacterFrom1;
  std::size_t value = 0;
};

// The problem that Describe (problem.h) shows with a caret below the word that it is about. nullopt, or a
// place that is not in the text: the whole statement. `text` is the file's.
Problem DatabaseProblem(std::string_view text, const QueryStatement& statement,
                        std::optional<DatabasePosition> position, std::string message, std::string hint = {});

}  // namespace tidemill::files
