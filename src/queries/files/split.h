// Split: which tokens belong to which statement.
//
// A semicolon ends a statement, but not inside brackets, not in the body of a Postgres function in SQL's own
// form (begin atomic … end), and not in the body of a SQLite trigger (begin …; end;).
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "queries/files/token.h"
#include "sql/database.h"

namespace tidemill::files {

// Indexes of tokens: from the first to behind the last significant one, its semicolon not among them.
struct TokenSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// The statements among `tokens`; where nothing stands between two semicolons there is none. A token's index
// is its place in `tokens`.
std::vector<TokenSpan> Split(std::string_view text, std::span<const Token> tokens, sql::Dialect dialect);

}  // namespace tidemill::files
