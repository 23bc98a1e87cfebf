// OpenedDatabase: the database of the settings, opened for one command.
//
//   TM_TRY_ASSIGN(const sql::Dialect dialect, ChooseDialect(settings, ""));
//   TM_TRY_ASSIGN(auto opened, OpenedDatabase::Open(*loop, settings, dialect, sql::Access::kRead));
//   const auto result = RunAndEnd(*loop, opened, Ask(*opened));  // a Task<Result<T>>; first it says Connect
//
// Made before its loop runs, as opening a file blocks; used and ended on the loop.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "cli/on_loop.h"
#include "net/loop.h"
#include "net/task.h"
#include "sql/database.h"

namespace tidemill::settings {
struct Settings;
}

namespace tidemill::cli {

// What the settings name, or `asked` ("postgres", "sqlite") where they name both. kInvalidArgument: neither,
// or not that one.
Result<sql::Dialect> ChooseDialect(const settings::Settings& settings, std::string_view asked);

std::string_view Name(sql::Dialect dialect);

class OpenedDatabase {
 public:
  // kRead: of SQLite only reads are taken; the file must be there, nothing is made, and a server may run
  // beside. kWrite: the file is made, and a server must not run beside. Of PostgreSQL both are the same.
  // The detail names the setting and says what is wrong.
  static Result<std::unique_ptr<OpenedDatabase>> Open(net::Loop& loop, const settings::Settings& settings,
                                                      sql::Dialect dialect, sql::Access access);
  virtual ~OpenedDatabase() = default;
  // Waits until it is there; says why it is not. Once, before database().
  virtual Task<Result<void>> Connect() = 0;
  virtual sql::Database& database() = 0;
  // On the loop: database() ends. What it used, until the loop has ended its connections, ends with this.
  virtual void End() = 0;
};

namespace internal {

template <class T>
Task<T> ThenEnd(std::unique_ptr<OpenedDatabase>& opened, Task<T> task) {
  T result = co_await std::move(task);
  opened->End();
  co_return result;
}

}  // namespace internal

// Runs `loop` until the task, which uses what is opened, is done, and ends the database on it. kCancelled:
// the loop was stopped before.
template <class T>
Result<T> RunAndEnd(net::Loop& loop, std::unique_ptr<OpenedDatabase>& opened, Task<Result<T>> task) {
  auto result = RunOnLoop(loop, internal::ThenEnd(opened, std::move(task)));
  opened.reset();
  if (!result) return Fail(Errc::kCancelled, "stopped");
  return *std::move(result);
}

}  // namespace tidemill::cli
