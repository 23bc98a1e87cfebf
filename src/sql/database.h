// Database: a SQL database as the pillars see it: Postgres or SQLite.
//
// Calls are independent of each other: the failure of one touches no other, whatever shares a connection.
// While the database is away calls fail at once with kUnavailable; it comes back by itself. Nothing is tried
// again behind the caller's back, but for what the server has answered with a failure of our own making that
// left nothing: its prepared form was out of date or gone, or a cancelling meant for another hit it. That is
// sent a second time, once. A call whose answer never comes is never sent again: it is kUnavailable or
// kTimeout with Effect::kUnknown, unless it was kRead.
//
// Thread: one Database per loop; call it on that loop. A task may be destroyed while it waits: a read is
// cancelled, a write may still happen; whatever must happen to its end runs in RunToEnd (net/run_to_end.h).
//
// sql/testing/database_contract.h is this comment in executable form; every implementation passes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/task.h"
#include "sql/failure.h"
#include "sql/rows.h"
#include "sql/statement.h"

namespace tidemill::sql {

enum class Dialect : std::uint8_t { kSqlite, kPostgres };

enum class Isolation : std::uint8_t {
  kDefault,       // Postgres: read committed. SQLite has only serializable
  kRepeatable,    // one snapshot for all statements
  kSerializable,  //
};

struct TransactionOptions {
  Access access = Access::kWrite;
  Isolation isolation = Isolation::kDefault;
  std::optional<MonotonicTime> deadline;  // of the whole; it is rolled back then
  std::optional<Duration> wait_max;       // as Limits::wait_max
};

// Statements that happen together or not at all. Holds a connection, and in SQLite the writer, so it is kept
// short. Destroyed without Commit it is rolled back. One call at a time.
class Transaction {
 public:
  virtual ~Transaction() = default;
  // After a failure every call but Rollback fails, with kInvalidStatement in Postgres' words (25P02). A kRead
  // that writes is such a failure (kReadOnly), also where the transaction may write.
  virtual Task<Result<RunResult>> Run(Call call) = 0;
  // Effect::kUnknown when the answer did not come. kSerialization: nothing has happened.
  virtual Task<Result<void>> Commit() = 0;
  virtual Task<void> Rollback() = 0;
};

// The rows of one statement, a piece at a time; the database waits meanwhile. Memory is bounded by the piece.
class RowStream {
 public:
  // Destroyed early: the statement is cancelled.
  virtual ~RowStream() = default;
  virtual const Columns& columns() const = 0;
  // Some rows; nullopt after the last.
  virtual Task<Result<std::optional<Rows>>> Next() = 0;
};

// The table's column that a column of a result comes from; "" where it comes from none.
struct ColumnOrigin {
  std::string table;
  std::string column;
};

struct Description {
  std::vector<std::shared_ptr<const Type>> parameters;  // in their order; never null
  Columns columns;                                      // empty: it gives no rows
  Access access = Access::kWrite;                       // kRead where the database knows that it only reads
  std::vector<ColumnOrigin> origins;                    // of each column; SQLite only, through views too
};

class Database {
 public:
  virtual ~Database() = default;
  virtual Dialect dialect() const = 0;

  // One statement, committed when it is answered.
  virtual Task<Result<RunResult>> Run(Call call) = 0;
  // The same, with the rows going to `sink` as they arrive, unkept.
  virtual Task<Result<Summary>> RunInto(Call call, std::shared_ptr<RowSink> sink) = 0;
  // Several in one transaction, in one round trip: all happen or none. The first failure is given. The limits
  // of rows and bytes hold for each; together the results have no more bytes than the database's own setting
  // lets one have, or the largest that a call asks for. The deadline of the first holds for all. That a kRead
  // among writes writes nothing is seen to by SQLite alone.
  virtual Task<Result<std::vector<RunResult>>> RunAll(std::vector<Call> calls) = 0;
  virtual Task<Result<std::unique_ptr<RowStream>>> Stream(Call call) = 0;
  virtual Task<Result<std::unique_ptr<Transaction>>> Begin(TransactionOptions options) = 0;

  // Types of parameters and columns, without running it, as they are now: labels of enums too.
  // kInvalidStatement also for more than one statement.
  virtual Task<Result<Description>> Describe(Statement statement) = 0;

  // Any thread: since when it has been away; nullopt while it is there.
  virtual std::optional<MonotonicTime> down_since() const = 0;
};

}  // namespace tidemill::sql
