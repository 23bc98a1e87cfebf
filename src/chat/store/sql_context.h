// SqlContext: what the parts of a store on SQL share: the database, statements in its dialect, ids, and a
// scope in which writes run to their end.
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "chat/store/ids.h"
#include "chat/store/refusal.h"
#include "chat/store/sql_store.h"
#include "net/loop.h"
#include "net/run_to_end.h"
#include "net/task.h"
#include "sql/database.h"
#include "sql/schema/own_statements.h"

namespace tidemill::chat {

// What a failure of the database means to who asked; the database's words are in it, for the log.
Refusal RefusalOf(const sql::Failure& failure);

class SqlContext {
 public:
  // All but the options outlive it.
  SqlContext(net::Loop& loop, sql::Database& database, const Clock& clock, TaskScope& writes,
             const SqlStoreOptions& options);

  net::Loop& loop() { return loop_; }
  sql::Database& database() const { return database_; }
  bool is_sqlite() const { return is_sqlite_; }
  IdMaker& ids() { return ids_; }
  WallTime now() const { return clock_.WallNow(); }

  // "@room" is the table of rooms; the words of sql_context.cc stand for columns and dialects.
  sql::Statement Make(std::string_view text) const { return write_(text); }
  sql::Statement Make(std::string_view postgres, std::string_view sqlite) const {
    return write_(postgres, sqlite);
  }
  // The table's name, as Make writes it.
  std::string TableOf(std::string_view name) const;

  Task<Outcome<sql::Rows>> Read(sql::Statement statement, sql::Parameters parameters, std::size_t rows_max);
  // One statement; how many rows it has changed.
  Task<Outcome<std::size_t>> Change(sql::Statement statement, sql::Parameters parameters);

  // A write, whoever stops waiting for it.
  template <class T>
  Task<Outcome<T>> ToEnd(Task<Outcome<T>> task) {
    co_return co_await RunToEnd(writes_, std::move(task));
  }

 private:
  net::Loop& loop_;
  sql::Database& database_;
  const Clock& clock_;
  TaskScope& writes_;
  const bool is_sqlite_;
  const std::string prefix_;
  const sql::OwnStatements write_;
  IdMaker ids_;
};

}  // namespace tidemill::chat
