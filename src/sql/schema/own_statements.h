// OwnStatements: statements of ours on our own tables, each written once for both dialects.
//
// Immutable; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sql/database.h"

namespace tidemill::sql {

// What a word in capitals stands for.
struct DialectWord {
  std::string_view word;
  std::string_view postgres;
  std::string_view sqlite;
};

// A table's name, with its schema where there are any.
std::string OwnTable(Dialect dialect, std::string_view postgres_schema, std::string_view table);

// All of them, from the left; what stands for one is not looked at again.
void ReplaceAll(std::string& text, std::string_view word, std::string_view by);

class OwnStatements {
 public:
  // In a text "@" is `prefix`, which tables' names begin with (OwnTable); $1 is a parameter; NOW is ms since
  // 1970, "IS_ONE_OF" looks for a value in the list $1, and `words`, which outlive this, are the caller's.
  OwnStatements(Dialect dialect, std::string prefix, std::span<const DialectWord> words)
      : is_sqlite_(dialect == Dialect::kSqlite), prefix_(std::move(prefix)), words_(words) {}

  Statement operator()(std::string_view text) const { return operator()(text, text); }
  Statement operator()(std::string_view postgres, std::string_view sqlite) const;

 private:
  void Replace(std::span<const DialectWord> words, std::string& text) const;

  const bool is_sqlite_;
  const std::string prefix_;
  const std::span<const DialectWord> words_;
};

}  // namespace tidemill::sql
