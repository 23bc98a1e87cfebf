// StatementCache: the prepared statements of one connection, found by their text; the one that was not used
// for longest gives way.
//
// As its connection: one thread at a time, and it ends before the connection closes.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "sql/rows.h"
#include "sql/statement.h"

struct sqlite3_stmt;

namespace tidemill::sqlite {

struct Prepared {
  Prepared(sql::Statement s, sqlite3_stmt* h) : statement(std::move(s)), handle(h) {}
  ~Prepared();
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

  const sql::Statement statement;
  sqlite3_stmt* const handle;
  std::shared_ptr<const sql::Columns> columns;  // null until they are wanted
  int reprepared = 0;                           // how often, when `columns` were read
  bool in_use = false;
  bool kept = false;            // in the cache
  bool calls_function = false;  // one that writes: sqlite/function.h
};

class StatementCache {
 public:
  explicit StatementCache(std::size_t statements_max) : statements_max_(statements_max) {}

  // A statement of that text that is not in use; null: prepare one.
  Prepared* Find(std::string_view text);
  // Keeps it, in use. Gives it back where one of that text is kept already, or all that are kept are in use.
  std::unique_ptr<Prepared> Keep(std::unique_ptr<Prepared> prepared);
  // None may be in use.
  void Clear();
  std::size_t size() const { return statements_.size(); }

 private:
  using List = std::list<std::unique_ptr<Prepared>>;  // the last used first
  void MakeRoom();

  const std::size_t statements_max_;
  List statements_;
  std::unordered_map<std::string_view, List::iterator> by_text_;  // the texts are the statements'
};

}  // namespace tidemill::sqlite
