// DatabaseSuite: the base of the contract suites. Its parameter is an implementation of sql::Database.
//
// A test drives the loop by hand from its own thread. Each test gets a database in which there is nothing
// yet. SQL is written in Postgres' way; what SQLite says otherwise stands beside it.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/clock.h"
#include "base/testing/patience.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/task_scope.h"
#include "sql/database.h"

namespace tidemill::sql::testing {

// An implementation under test, with an empty database of its own.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual Database& database() = 0;
};

// Its settings let 10,000 calls wait for a minute, and a million rows through.
using BackendFactory = std::function<std::unique_ptr<Backend>(net::Loop&)>;

struct DatabaseParam {
  std::string name;
  BackendFactory make;

  friend void PrintTo(const DatabaseParam& param, std::ostream* out) { *out << param.name; }
};

// What a call has given, once it has ended.
template <class T>
using Outcome = std::optional<Result<T>>;

class DatabaseSuite : public ::testing::TestWithParam<DatabaseParam> {
 protected:
  using ParamInfo = ::testing::TestParamInfo<DatabaseParam>;

  DatabaseSuite();
  ~DatabaseSuite() override;

  Database& database() { return backend_->database(); }
  net::Loop& loop() { return *loop_; }
  bool IsSqlite() { return database().dialect() == Dialect::kSqlite; }
  // The text of this dialect. In one text for both, "$1" becomes SQLite's "?1".
  std::string Either(std::string_view postgres, std::string_view sqlite);
  std::string Both(std::string_view text);

  // Drives the loop until the task has ended, and for no longer than kPatience.
  template <class T>
  T Await(Task<T> task);
  template <class Done>
  bool DriveUntil(Done done, Duration patience = tidemill::testing::kPatience);
  MonotonicTime In(Duration from_now) { return loop().clock().Now() + from_now; }

  Call Of(std::string_view text, Parameters parameters = {}, Access access = Access::kWrite);
  Result<RunResult> Run(std::string_view text, Parameters parameters = {}, Access access = Access::kWrite);
  Result<RunResult> Run(Call call) { return Await(database().Run(std::move(call))); }
  // What must succeed. Rows as lines: "1 Ann", "2 ~" where ~ is null.
  std::vector<std::string> Lines(std::string_view text, Parameters parameters = {});
  void Must(std::string_view text, Parameters parameters = {});
  std::int64_t Count(std::string_view table);
  // The failure of what must fail.
  Failure FailureOf(std::string_view text, Parameters parameters = {});

  // people(id primary key, email unique, age check grown, boss references people, name not null).
  void CreatePeople();
  // numbers(n primary key).
  void CreateNumbers();
  // A query that takes minutes.
  std::string Endless();

 private:
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<Backend> backend_;
};

std::vector<std::string> ToLines(const Rows& rows);

// Runs a call and keeps what it gives, for a scope.
Task<void> Keep(Database& database, Call call, Outcome<RunResult>& outcome);

namespace internal {

template <class T>
Task<void> Collect(Task<T> task, std::optional<T>& result) {
  result.emplace(co_await task);
}

inline Task<void> Collect(Task<void> task, std::optional<bool>& result) {
  co_await task;
  result = true;
}

}  // namespace internal

template <class Done>
bool DatabaseSuite::DriveUntil(Done done, Duration patience) {
  const MonotonicTime give_up = SystemClock().Now() + patience;
  while (!done()) {
    if (SystemClock().Now() > give_up) return false;
    loop_->RunOnce(Milliseconds(10));
  }
  return true;
}

template <class T>
T DatabaseSuite::Await(Task<T> task) {
  std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> result;
  TaskScope scope;
  scope.Spawn(internal::Collect(std::move(task), result));
  TM_ASSERT(DriveUntil([&] { return result.has_value(); }));
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace tidemill::sql::testing
