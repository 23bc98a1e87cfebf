// Connection: one open handle on the file, with its prepared statements. Everything here blocks.
//
// One thread at a time. It never checkpoints by itself, neither after a commit nor at its end: SQLite before
// 3.51.3 may damage the file when one connection checkpoints while another writes, so only the writer does,
// and says when (Checkpoint).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "sql/failure.h"
#include "sql/rows.h"
#include "sql/statement.h"
#include "sqlite/authorizer.h"
#include "sqlite/failures.h"
#include "sqlite/function_set.h"
#include "sqlite/query.h"
#include "sqlite/statement_cache.h"
#include "sqlite/stop.h"
#include "sqlite/values.h"

struct sqlite3;

namespace tidemill::sqlite {

class Condition;

enum class Role : std::uint8_t {
  kWriter,    // makes the file a database in WAL mode if it is empty
  kReader,    // cannot write
  kExaminer,  // the same, for another process beside the server: takes any mode, changes no setting
};

struct ConnectionOptions {
  std::string path;
  Role role = Role::kReader;
  std::string vfs;  // "": the system's
  std::string synchronous = "full";
  std::uint64_t cache_bytes = 16u << 20;
  std::uint32_t statements_max = 200;
  std::uint64_t wal_kept_bytes_max = 64u << 20;  // of the log's file, once it is begun anew
  Duration busy_timeout = Seconds(5);
  std::uint64_t rows_max = 100'000;  // of a result, where its call says nothing
  std::uint64_t bytes_max = 64u << 20;
  Condition* condition = nullptr;  // told of damage; null: nobody is
  std::vector<std::shared_ptr<const Function>> functions;
};

class Connection {
 public:
  // kCorrupt: it is no database, or a damaged one. The message names the path.
  static sql::Result<std::unique_ptr<Connection>> Open(ConnectionOptions options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // kInvalidStatement also for more than one statement, and for none.
  sql::Result<Query> Prepare(const sql::Statement& statement);
  // The same, by the tables as they are now, whatever is kept of that text.
  sql::Result<Query> PrepareByNewestTables(const sql::Statement& statement);
  // Whether it is valid just now.
  bool Prepares(const sql::Statement& statement) { return PrepareAnew(statement).has_value(); }
  // Runs the call; its rows go to `sink`, and what has gone there may be followed by a failure. Keeps to the
  // limits of rows and bytes; the deadline is the StopScope's.
  sql::Result<sql::Summary> Run(const sql::Call& call, sql::RowSink& sink);

  // kInvalidStatement: the parameters are not as many as the statement has. kReadOnly: it wants to write.
  sql::Result<void> CheckCall(const sql::Call& call, const Query& query) const;

  // One statement inside of another one that runs; the number of the row that it inserted.
  sql::Result<std::int64_t> RunInside(const sql::Call& call);
  // One statement of the store's own, which may do anything and gives no rows.
  sql::Result<void> Do(const sql::Statement& statement) { return Do(statement, Step::kRun); }
  // kWrite: it is the writer from here on; kRead: its snapshot is of the first read.
  sql::Result<void> Begin(sql::Access access);
  // Tells the condition. A transaction that could not be committed is rolled back.
  sql::Result<void> Commit();
  void RollBack();
  // False also after a failure that made SQLite end the transaction by itself.
  bool in_transaction() const;
  // A foreign key that is checked at the commit is violated.
  bool has_deferred_violation() const;

  // Pages of the log that are written, of these copied into the file, as of the last commit or checkpoint.
  struct Log {
    std::uint64_t pages = 0;
    std::uint64_t copied = 0;
  };
  enum class CheckpointMode : std::uint8_t { kPassive, kTruncate };
  // kPassive waits for nobody; kTruncate waits for reads that are in the log, but not longer than `wait`.
  sql::Result<Log> Checkpoint(CheckpointMode mode, Duration wait);
  // As of the last commit of this connection.
  std::uint64_t log_pages() const { return log_pages_; }
  std::uint64_t page_bytes() const { return page_bytes_; }
  // Of a result, where its call says nothing.
  std::uint64_t result_bytes_max() const { return options_.bytes_max; }

  // While it exists, statements end when `stop` says so.
  class StopScope {
   public:
    StopScope(Connection& connection, Stop stop) : connection_(connection), outer_(connection.stop_) {
      connection_.stop_ = stop;
    }
    ~StopScope() { connection_.stop_ = outer_; }
    StopScope(const StopScope&) = delete;
    StopScope& operator=(const StopScope&) = delete;

   private:
    Connection& connection_;
    const Stop outer_;
  };

  // The failure of what gave `code`. Damage is told to the condition.
  sql::Failure Failed(int code, Step step, std::string_view text = {});
  sqlite3* handle() const { return db_; }

 private:
  explicit Connection(ConnectionOptions options)
      : options_(std::move(options)),
        functions_(options_.functions),
        authorizer_(functions_),
        cache_(options_.statements_max) {}
  sql::Result<void> OpenHandle();
  sql::Result<void> Do(const sql::Statement& statement, Step step);
  void Configure();
  sql::Result<void> SetPragmas();
  sql::Result<void> Pragma(std::string text, std::string_view wanted = {});
  sql::Result<std::unique_ptr<Prepared>> PrepareAnew(const sql::Statement& statement);
  bool ShouldStop() const { return stop_.IsCancelled() || stop_.IsLate(); }
  bool WaitWhileBusy(int attempts);

  ConnectionOptions options_;
  sqlite3* db_ = nullptr;
  FunctionSet functions_;
  Authorizer authorizer_;
  StatementCache cache_;
  StatementCache own_cache_{32};  // apart: nobody else finds a commit there, which is not asked about again
  RowBuffer row_;
  Stop stop_;
  MonotonicTime busy_since_{};
  std::uint64_t log_pages_ = 0;
  std::uint64_t page_bytes_ = 4096;
};

}  // namespace tidemill::sqlite
