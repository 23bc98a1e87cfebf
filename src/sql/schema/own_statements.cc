#include "sql/schema/own_statements.h"

#include <utility>

#include "sql/schema/schema.h"

namespace tidemill::sql {
namespace {

constexpr DialectWord kWords[] = {
    {"NOW", "cast(extract(epoch from clock_timestamp()) * 1000 as bigint)",
     "cast((julianday('now') - 2440587.5) * 86400000 as integer)"},
    {"IS_ONE_OF", "= any($1)", "in (select value from json_each($1))"},
};

}  // namespace

std::string OwnTable(Dialect dialect, std::string_view postgres_schema, std::string_view table) {
  if (dialect == Dialect::kSqlite) return std::string(table);
  return QuoteIdentifier(postgres_schema) + "." + std::string(table);
}

void ReplaceAll(std::string& text, std::string_view word, std::string_view by) {
  for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + by.size()))
    text.replace(at, word.size(), by);
}

void OwnStatements::Replace(std::span<const DialectWord> words, std::string& text) const {
  for (const DialectWord& word : words) ReplaceAll(text, word.word, is_sqlite_ ? word.sqlite : word.postgres);
}

Statement OwnStatements::operator()(std::string_view postgres, std::string_view sqlite) const {
  std::string text(is_sqlite_ ? sqlite : postgres);
  Replace(words_, text);
  Replace(kWords, text);
  ReplaceAll(text, "@", prefix_);
  if (is_sqlite_) ReplaceAll(text, "$", "?");
  return Statement(std::move(text));
}

}  // namespace tidemill::sql
