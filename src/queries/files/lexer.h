// Lex: the text of a file as tokens, by the rules of the database that it is for.
//
// It knows no grammar: only what hides a colon or a semicolon. Postgres: strings with and without backslashes
// (E'…' and its continuation on the next line), dollar quotes, nested block comments, quoted names, casts,
// slices of arrays, JSON's key : value. SQLite: its three kinds of quoted names, block comments that do not
// nest. One pass, linear time.
//
// The rules that Postgres' grammar makes necessary: after an operand that no name can follow (a string, a
// number, ")", "]", a parameter) a colon is the grammar's own; in the brackets of a subscript the first colon
// behind a bound, or behind "[", separates bounds: "a[:n]" is a slice up to column n. "a[(:n)]" is a
// parameter.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "queries/files/problem.h"
#include "queries/files/token.h"
#include "sql/database.h"

namespace tidemill::files {

struct LexLimits {
  static constexpr std::size_t kFileBytes = 1 << 20;
  static constexpr std::size_t kNesting = 500;  // of brackets
  static constexpr std::size_t kParameterNameBytes = 63;
};

// All tokens side by side are the text, whatever is wrong with it. `text` is UTF-8 of at most kFileBytes.
std::vector<Token> Lex(std::string_view text, sql::Dialect dialect, Problems& problems);

// A letter or _, then letters, digits and _: ASCII only. At most kParameterNameBytes.
bool IsParameterName(std::string_view name);

}  // namespace tidemill::files
