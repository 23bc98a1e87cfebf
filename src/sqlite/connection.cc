#include "sqlite/connection.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "net/late_wakes.h"
#include "sqlite/condition.h"

namespace tidemill::sqlite {
namespace {

using sql::FailureKind;

constexpr std::uint64_t kResultBytesMax = std::uint64_t{2} << 30;  // sql::Rows has 32 bits for them
constexpr int kOpsBetweenLooks = 1000;  // of SQLite's machine: some ten microseconds

struct Limit {
  int id;
  int value;
};
// Below SQLite's own, which are made for files that one trusts (sqlite.org/limits.html).
constexpr Limit kLimits[] = {
    {SQLITE_LIMIT_LENGTH, 256 << 20},        // of a value, and of a row
    {SQLITE_LIMIT_SQL_LENGTH, 1 << 20},      //
    {SQLITE_LIMIT_VARIABLE_NUMBER, 32'766},  //
    {SQLITE_LIMIT_ATTACHED, 0},              //
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 100},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
};

struct Option {
  int id;
  int value;
};
constexpr Option kDbOptions[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_DQS_DML, 0},  // "x" is a name, never a text
    {SQLITE_DBCONFIG_DQS_DDL, 0},
    {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
    {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
};

// The counters of memory are a lock that all threads share.
void InitializeOnce() {
  static const int done = [] {
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return sqlite3_initialize();
  }();
  (void)done;
}

// Whether nothing but blanks, comments and semicolons is left.
bool IsBlankSql(sqlite3* db, const char* rest) {
  sqlite3_stmt* none = nullptr;
  const int code = sqlite3_prepare_v2(db, rest, -1, &none, nullptr);
  const bool is_blank = code == SQLITE_OK && none == nullptr;
  sqlite3_finalize(none);
  return is_blank;
}

}  // namespace

sql::Result<std::unique_ptr<Connection>> Connection::Open(ConnectionOptions options) {
  InitializeOnce();
  std::unique_ptr<Connection> connection(new Connection(std::move(options)));
  // What is found now is for the caller.
  Condition* const condition = std::exchange(connection->options_.condition, nullptr);
  auto opened = connection->OpenHandle();
  connection->options_.condition = condition;
  if (!opened) {
    opened.error().message = connection->options_.path + ": " + opened.error().message;
    return std::unexpected(std::move(opened).error());
  }
  return connection;
}

Connection::~Connection() {
  cache_.Clear();
  own_cache_.Clear();
  // It refuses only while a statement is left, and none is.
  sqlite3_close(db_);
}

sql::Result<void> Connection::OpenHandle() {
  const int mode = options_.role == Role::kWriter ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  const int code =
      sqlite3_open_v2(options_.path.c_str(), &db_, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                      options_.vfs.empty() ? nullptr : options_.vfs.c_str());
  if (code != SQLITE_OK) return std::unexpected(Failed(code, Step::kRun));
  Configure();
  return SetPragmas();
}

void Connection::Configure() {
  for (const Limit& limit : kLimits) sqlite3_limit(db_, limit.id, limit.value);
  for (const Option& option : kDbOptions) sqlite3_db_config(db_, option.id, option.value, nullptr);
  authorizer_.Install(db_);
  functions_.Install(db_, *this);
  sqlite3_progress_handler(
      db_, kOpsBetweenLooks,
      [](void* self) {
        net::LateWakes::FlushCurrent();
        return static_cast<Connection*>(self)->ShouldStop() ? 1 : 0;
      },
      this);
  sqlite3_busy_handler(
      db_,
      [](void* self, int attempts) {
        return static_cast<Connection*>(self)->WaitWhileBusy(attempts) ? 1 : 0;
      },
      this);
  // It replaces the checkpoint after each commit.
  sqlite3_wal_hook(
      db_,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Connection*>(self)->log_pages_ = static_cast<std::uint64_t>(pages);
        return SQLITE_OK;
      },
      this);
}

sql::Result<void> Connection::SetPragmas() {
  TM_TRY(Pragma(fmt::format("cache_size = -{}", std::max<std::uint64_t>(options_.cache_bytes / 1024, 64))));
  if (options_.role == Role::kWriter) {
    TM_TRY(Pragma("journal_mode = wal", "wal"));
    TM_TRY(Pragma("synchronous = " + options_.synchronous));
    TM_TRY(Pragma(fmt::format("journal_size_limit = {}", options_.wal_kept_bytes_max)));
    TM_TRY(Pragma("secure_delete = fast"));
  } else {
    TM_TRY(Pragma("query_only = on"));
  }
  // Reads the file's first page and the schema: what is no database is found here.
  TM_TRY_ASSIGN(Query pages, Prepare(sql::Statement("select page_size from pragma_page_size(), "
                                                    "(select count(*) from sqlite_schema)")));
  TM_TRY(pages.Step());
  page_bytes_ = static_cast<std::uint64_t>(pages.Integer(0));
  return {};
}

sql::Result<void> Connection::Pragma(std::string text, std::string_view wanted) {
  const Authorizer::OwnStatements own(authorizer_);
  TM_TRY_ASSIGN(Query query, Prepare(sql::Statement("pragma " + text,
                                                    {.reuse = sql::Reuse::kOnce, .parameter_oids = {}})));
  TM_TRY_ASSIGN(const bool row, query.Step());
  if (wanted.empty() || (row && query.Text(0) == wanted)) return {};
  return sql::Fail(FailureKind::kUnavailable,
                   fmt::format("{} is refused: the file system must let processes share memory", text));
}

sql::Result<Query> Connection::Prepare(const sql::Statement& statement) {
  StatementCache& cache = authorizer_.allows_all() ? own_cache_ : cache_;
  if (Prepared* const known = cache.Find(statement.text())) return Query(*this, *known, nullptr);
  TM_TRY_ASSIGN(std::unique_ptr<Prepared> prepared, PrepareAnew(statement));
  Prepared& reference = *prepared;
  if (statement.reuse() == sql::Reuse::kOften) prepared = cache.Keep(std::move(prepared));
  return Query(*this, reference, std::move(prepared));
}

// SQLite notices that others have changed the tables when a statement runs, not when one is prepared:
// https://www.sqlite.org/rescode.html#schema
sql::Result<Query> Connection::PrepareByNewestTables(const sql::Statement& statement) {
  static const sql::Statement kNotice("select 1 from sqlite_schema limit 0");
  TM_TRY(Do(kNotice));
  TM_TRY_ASSIGN(std::unique_ptr<Prepared> prepared, PrepareAnew(statement));
  Prepared& reference = *prepared;
  return Query(*this, reference, std::move(prepared));
}

sql::Result<std::unique_ptr<Prepared>> Connection::PrepareAnew(const sql::Statement& statement) {
  const std::string& text = statement.text();
  if (text.contains('\0')) return sql::Fail(FailureKind::kInvalidStatement, "the statement has a NUL");
  const unsigned flags = statement.reuse() == sql::Reuse::kOften ? SQLITE_PREPARE_PERSISTENT : 0;
  sqlite3_stmt* handle = nullptr;
  const char* rest = nullptr;
  const int bytes = static_cast<int>(std::min<std::size_t>(text.size() + 1, 1u << 30));
  // What is prepared inside of another statement's run is asked about by itself.
  (void)authorizer_.TakeSawFunction();
  const int code = sqlite3_prepare_v3(db_, text.c_str(), bytes, flags, &handle, &rest);
  if (code != SQLITE_OK) return std::unexpected(Failed(code, Step::kPrepare, text));
  if (handle == nullptr) return sql::Fail(FailureKind::kInvalidStatement, "there is no statement");
  auto prepared = std::make_unique<Prepared>(statement, handle);
  prepared->calls_function = authorizer_.TakeSawFunction();
  if (*rest != '\0' && !IsBlankSql(db_, rest)) {
    return sql::Fail(FailureKind::kInvalidStatement, "there is more than one statement");
  }
  return prepared;
}

sql::Result<void> Connection::CheckCall(const sql::Call& call, const Query& query) const {
  if (query.parameters() != static_cast<int>(call.parameters.size())) {
    return sql::Fail(FailureKind::kInvalidStatement, fmt::format("the statement takes {} parameters, not {}",
                                                                 query.parameters(), call.parameters.size()));
  }
  if (call.access == sql::Access::kRead && !query.reads_only()) {
    sql::Failure failure{.kind = FailureKind::kReadOnly,
                         .message = "a statement that may only read wants to write"};
    failure.code = CodeName(SQLITE_READONLY);
    return std::unexpected(std::move(failure));
  }
  return {};
}

sql::Result<sql::Summary> Connection::Run(const sql::Call& call, sql::RowSink& sink) {
  TM_TRY_ASSIGN(Query query, Prepare(call.statement));
  TM_TRY(CheckCall(call, query));
  for (std::size_t i = 0; i < call.parameters.size(); ++i) {
    query.BindParameter(static_cast<int>(i) + 1, call.parameters[i]);
  }
  const std::uint64_t rows_max = call.limits.rows_max > 0 ? call.limits.rows_max : options_.rows_max;
  const std::uint64_t bytes_max =
      std::min(call.limits.bytes_max > 0 ? call.limits.bytes_max : options_.bytes_max, kResultBytesMax);
  const sqlite3_int64 changes_before = sqlite3_total_changes64(db_);
  sql::Summary summary;
  std::uint64_t bytes = 0;
  for (bool first = true;; first = false) {
    TM_TRY_ASSIGN(const bool is_row, query.Step());
    if (first && sqlite3_column_count(query.handle()) > 0) sink.OnColumns(query.Columns());
    if (!is_row) break;
    if (++summary.rows > rows_max) {
      return sql::Fail(FailureKind::kLimitExceeded,
                       fmt::format("the result has more than {} rows", rows_max));
    }
    const std::optional<sql::Row> row = row_.Read(query.handle(), bytes_max - bytes);
    if (!row)
      return sql::Fail(FailureKind::kLimitExceeded,
                       fmt::format("the result has more than {} bytes", bytes_max));
    bytes += row_.bytes();
    sink.OnRow(*row);
  }
  // Statements that change no rows leave the count of the last one that did.
  if (!query.reads_only() && sqlite3_total_changes64(db_) != changes_before) {
    summary.rows_affected = static_cast<std::uint64_t>(sqlite3_changes64(db_));
  }
  return summary;
}

sql::Result<std::int64_t> Connection::RunInside(const sql::Call& call) {
  const Authorizer::OwnStatements own(authorizer_);
  TM_TRY_ASSIGN(Query query, Prepare(call.statement));
  for (std::size_t i = 0; i < call.parameters.size(); ++i) {
    query.BindParameter(static_cast<int>(i) + 1, call.parameters[i]);
  }
  TM_TRY(query.Step());
  return sqlite3_last_insert_rowid(db_);
}

sql::Result<void> Connection::Do(const sql::Statement& statement, Step step) {
  const Authorizer::OwnStatements own(authorizer_);
  TM_TRY_ASSIGN(Query query, Prepare(statement));
  const int code = sqlite3_step(query.handle());
  if (code != SQLITE_DONE && code != SQLITE_ROW) return std::unexpected(Failed(code, step));
  return {};
}

sql::Result<void> Connection::Begin(sql::Access access) {
  static const sql::Statement kBeginRead("begin");
  static const sql::Statement kBeginWrite("begin immediate");
  return Do(access == sql::Access::kRead ? kBeginRead : kBeginWrite);
}

sql::Result<void> Connection::Commit() {
  static const sql::Statement kCommit("commit");
  auto committed = Do(kCommit, Step::kCommit);
  if (!committed) RollBack();
  if (committed) functions_.NoteCommit();
  if (options_.condition == nullptr) return committed;
  // Of the others, the transaction is to blame.
  const bool disk = !committed && (committed.error().kind == FailureKind::kFull ||
                                   committed.error().kind == FailureKind::kUnavailable);
  if (committed) options_.condition->NoteCommit();
  if (disk) options_.condition->NoteFailedCommit(committed.error());
  return committed;
}

void Connection::RollBack() {
  static const sql::Statement kRollback("rollback");
  // Whatever it says, SQLite leaves the transaction.
  if (in_transaction()) (void)Do(kRollback);
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

bool Connection::has_deferred_violation() const {
  int current = 0;
  int highest = 0;
  sqlite3_db_status(db_, SQLITE_DBSTATUS_DEFERRED_FKS, &current, &highest, 0);
  return current != 0;
}

sql::Result<Connection::Log> Connection::Checkpoint(CheckpointMode mode, Duration wait) {
  const Duration usual = std::exchange(options_.busy_timeout, wait);
  int pages = 0;
  int copied = 0;
  const int code = sqlite3_wal_checkpoint_v2(
      db_, nullptr, mode == CheckpointMode::kPassive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE,
      &pages, &copied);
  options_.busy_timeout = usual;
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) return std::unexpected(Failed(code, Step::kRun));
  const Log log{.pages = static_cast<std::uint64_t>(std::max(pages, 0)),
                .copied = static_cast<std::uint64_t>(std::max(copied, 0))};
  if (code == SQLITE_OK && mode == CheckpointMode::kTruncate) log_pages_ = 0;
  return log;
}

bool Connection::WaitWhileBusy(int attempts) {
  net::LateWakes::FlushCurrent();
  const MonotonicTime now = SystemClock().Now();
  if (attempts == 0) busy_since_ = now;
  if (ShouldStop() || now - busy_since_ >= options_.busy_timeout) return false;
  usleep(static_cast<useconds_t>(std::min(100 << std::min(attempts, 6), 5000)));
  return true;
}

sql::Failure Connection::Failed(int code, Step step, std::string_view text) {
  sql::Failure failure = FailureOf(db_, code, step, text);
  if ((code & 0xff) == SQLITE_INTERRUPT) {
    const bool cancelled = stop_.IsCancelled();
    failure.kind = cancelled ? FailureKind::kCancelled : FailureKind::kTimeout;
    failure.message = cancelled ? "it was cancelled" : "the deadline passed";
  }
  if (failure.kind == FailureKind::kLocked && stop_.IsLate()) failure.kind = FailureKind::kTimeout;
  const bool of_one_table = code == SQLITE_CORRUPT_VTAB;
  if (failure.kind == FailureKind::kCorrupt && !of_one_table && options_.condition != nullptr) {
    options_.condition->NoteDamage(failure.message);
  }
  return failure;
}

}  // namespace tidemill::sqlite
