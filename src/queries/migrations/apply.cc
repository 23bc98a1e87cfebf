#include "queries/migrations/apply.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "net/backoff.h"
#include "net/sleep.h"
#include "queries/files/database_problem.h"
#include "queries/migrations/record.h"
#include "queries/migrations/script.h"
#include "queries/migrations/status.h"
#include "sql/transact.h"

namespace tidemill::migrations {
namespace {

using files::FileProblem;
using files::FileSet;
using files::Migration;
using sql::Dialect;

enum class Step : std::uint8_t { kApplied, kLocked, kDoneByAnother, kStopped };

sql::Call Once(std::string text, sql::Parameters parameters = {}) {
  return {.statement = sql::Statement(std::move(text), {.reuse = sql::Reuse::kOnce, .parameter_oids = {}}),
          .parameters = std::move(parameters)};
}

std::string HintOf(const sql::Failure& failure) {
  std::string hint = failure.detail.str();
  if (!failure.hint.empty()) hint += (hint.empty() ? "" : "\n") + failure.hint.str();
  // ERRCODE_ACTIVE_SQL_TRANSACTION: create index concurrently, vacuum.
  if (failure.code == "25001") hint = "write -- @no_tx as the file's first line";
  // ERRCODE_QUERY_CANCELED, of a server with @no_tx: it has not the time that a migration may take.
  if (failure.code == "57014") {
    hint =
        "it took longer than storage.postgres.statement_timeout; `tidemill migrate up` lets it run to its "
        "end";
  }
  return hint;
}

// A statement that the database refuses, at its place in the file.
FileProblem ProblemOf(const files::File& file, const files::QueryStatement& statement,
                      const sql::Failure& failure) {
  std::optional<files::DatabasePosition> position;
  if (failure.position > 0) position = files::DatabasePosition{.value = failure.position};
  FileProblem problem{.path = file.path,
                      .problem = files::DatabaseProblem(file.text, statement, position,
                                                        sql::ToError(failure).detail, HintOf(failure))};
  problem.problem.kind = files::ProblemKind::kMigration;
  return problem;
}

// Somebody else is in the way: the same may succeed a little later.
bool IsBusy(const sql::Failure& failure) {
  return failure.kind == sql::FailureKind::kLocked || sql::MayRetry(failure);
}

// The first that is missing; nullptr when nothing is.
const Migration* NextMissing(const FileSet& set, const std::vector<RecordedMigration>& record) {
  const auto found = std::ranges::find_if(set.migrations, [&record](const Migration& migration) {
    return std::ranges::none_of(record, [&migration](const RecordedMigration& row) {
      return row.migration.number == migration.number;
    });
  });
  return found == set.migrations.end() ? nullptr : &*found;
}

// One migration, from taking the lock to the commit.
class Application {
 public:
  Application(sql::Database& database, std::unique_ptr<sql::Transaction> transaction, const FileSet& set,
              const Migration& migration, const sql::SchemaOptions& options, MonotonicTime deadline)
      : database_(database),
        transaction_(std::move(transaction)),
        file_(*set.Find(migration.path)),
        migration_(migration),
        script_(ReadScript(file_.text, database.dialect())),
        options_(options),
        deadline_(deadline) {}

  // kStopped: `problems` says why.
  static Task<sql::Result<Step>> Run(Application& self, std::vector<FileProblem>& problems) {
    auto step = co_await Prepare(self);
    if (step && *step == Step::kApplied) step = co_await Execute(self, problems);
    if (!step || *step != Step::kApplied) {
      co_await self.transaction_->Rollback();
      co_return step;
    }
    const auto committed = co_await self.transaction_->Commit();
    if (committed) co_return step;
    if (committed.error().effect == sql::Effect::kUnknown || IsBusy(committed.error())) {
      co_return std::unexpected(committed.error());
    }
    // What is checked at the end only: deferred constraints.
    problems.push_back(ProblemOf(self.file_, self.script_.statements.back(), committed.error()));
    co_return Step::kStopped;
  }

 private:
  Task<sql::Result<sql::RunResult>> Do(sql::Call call) {
    call.limits.deadline = deadline_;
    return transaction_->Run(std::move(call));
  }

  // kApplied: it is ours to apply.
  static Task<sql::Result<Step>> Prepare(Application& self) {
    if (self.database_.dialect() == Dialect::kPostgres) {
      TM_CO_TRY_ASSIGN(const sql::RunResult got, co_await self.Do(Once("select pg_try_advisory_xact_lock($1)",
                                                                       {LockKey(self.options_)})));
      if (got.rows[0][0].text != "t") co_return Step::kLocked;
      TM_CO_TRY(co_await self.Do(
          Once(fmt::format("set local statement_timeout to {}", self.options_.statement_max.ms))));
      // A table that is in use is asked for again a little later: who waits for its lock stops all that come
      // behind.
      TM_CO_TRY(co_await self.Do(Once("set local lock_timeout to 2000")));
    }
    TM_CO_TRY(co_await MakeTable(self));
    TM_CO_TRY_ASSIGN(const sql::RunResult rows,
                     co_await self.Do(SelectRecord(self.database_.dialect(), self.options_)));
    const bool done = std::ranges::any_of(ToRecord(rows.rows), [&self](const RecordedMigration& row) {
      return row.migration.number >= self.migration_.number;
    });
    if (!self.script_.transaction) {
      TM_CO_TRY(co_await StandAside(self));
    }
    co_return done ? Step::kDoneByAnother : Step::kApplied;
  }

  // With the first migration, under its lock.
  static Task<sql::Result<void>> MakeTable(Application& self) {
    const Dialect dialect = self.database_.dialect();
    TM_CO_TRY_ASSIGN(const sql::RunResult there, co_await self.Do(RecordExists(dialect, self.options_)));
    TM_CO_TRY_ASSIGN(const bool exists, there.rows[0][0].AsBoolean());
    if (exists) co_return sql::Result<void>();
    for (sql::Call& call : CreateRecord(dialect, self.options_)) {
      TM_CO_TRY(co_await self.Do(std::move(call)));
    }
    co_return sql::Result<void>();
  }

  // The transaction with the lock has nothing to do while a statement runs outside of it, and no snapshot,
  // which the portal of the last SELECT has until another statement comes: "create index concurrently" waits
  // for all snapshots.
  static Task<sql::Result<void>> StandAside(Application& self) {
    TM_CO_TRY(co_await self.Do(Once("set local idle_in_transaction_session_timeout to 0")));
    co_return sql::Result<void>();
  }

  static Task<sql::Result<Step>> Execute(Application& self, std::vector<FileProblem>& problems) {
    for (const files::QueryStatement& statement : self.script_.statements) {
      sql::Call call = Once(statement.sql.text);
      call.limits.deadline = self.deadline_;
      auto done = self.script_.transaction ? co_await self.transaction_->Run(std::move(call))
                                           : co_await self.database_.Run(std::move(call));
      if (done) continue;
      if (done.error().kind == sql::FailureKind::kUnavailable ||
          (self.script_.transaction && IsBusy(done.error()))) {
        co_return std::unexpected(std::move(done).error());
      }
      problems.push_back(ProblemOf(self.file_, statement, done.error()));
      co_return Step::kStopped;
    }
    TM_CO_TRY(co_await self.Do(InsertRecord(self.database_.dialect(), self.options_, self.migration_)));
    co_return Step::kApplied;
  }

  sql::Database& database_;
  const std::unique_ptr<sql::Transaction> transaction_;
  const files::File& file_;
  const Migration& migration_;
  const Script script_;
  const sql::SchemaOptions& options_;
  const MonotonicTime deadline_;
};

Task<sql::Result<Step>> ApplyOne(net::Loop& loop, sql::Database& database, const FileSet& set,
                                 const Migration& migration, const sql::SchemaOptions& options,
                                 std::vector<FileProblem>& problems) {
  const MonotonicTime deadline = loop.clock().Now() + options.statement_max;
  TM_CO_TRY_ASSIGN(std::unique_ptr<sql::Transaction> transaction,
                   co_await database.Begin({.deadline = deadline}));
  Application application(database, std::move(transaction), set, migration, options, deadline);
  co_return co_await Application::Run(application, problems);
}

Error Named(const Migration& migration, const sql::Failure& failure) {
  Error error = sql::ToError(failure);
  error.detail = fmt::format("{}: {}", migration.path, error.detail);
  return error;
}

// What is applied next, and how often that was tried.
struct Turn {
  net::Backoff backoff{Milliseconds(20), Seconds(1)};
  MonotonicTime give_up;
};

// nullopt: it was done, or is to be tried again. Else why not.
Task<std::optional<Error>> TakeTurn(net::Loop& loop, Turn& turn, const Migration& migration,
                                    const sql::Result<Step>& step) {
  const bool busy = step ? *step == Step::kLocked : IsBusy(step.error());
  if (!busy && !step) co_return Named(migration, step.error());
  if (!busy) co_return std::nullopt;
  if (loop.clock().Now() >= turn.give_up) {
    if (!step) co_return Named(migration, step.error());
    co_return Error{Errc::kTimeout,
                    migration.path + ": another node has been applying migrations for too long"};
  }
  co_await net::Sleep(loop, turn.backoff.Next());
  co_return std::nullopt;
}

}  // namespace

std::int64_t LockKey(const sql::SchemaOptions& options) {
  sql::SchemaOptions own = options;
  own.postgres_schema += " tidemill_migrations";
  return sql::SchemaLockKey(own);
}

Task<Result<Outcome>> Apply(net::Loop& loop, sql::Database& database, std::shared_ptr<const FileSet> set,
                            sql::SchemaOptions options) {
  Outcome outcome;
  Turn turn{.give_up = loop.clock().Now() + options.patience};
  for (;;) {
    const auto record = co_await ReadRecord(database, options);
    if (!record) co_return std::unexpected(sql::ToError(record.error()));
    outcome.problems = FindProblems(*set, database.dialect(), *record);
    const Migration* const next = NextMissing(*set, *record);
    if (!outcome.problems.empty() || next == nullptr) co_return outcome;
    const MonotonicTime begun = loop.clock().Now();
    const auto step = co_await ApplyOne(loop, database, *set, *next, options, outcome.problems);
    if (auto why = co_await TakeTurn(loop, turn, *next, step)) co_return std::unexpected(*std::move(why));
    if (!step || *step == Step::kLocked) continue;
    if (*step == Step::kStopped) co_return outcome;
    if (*step == Step::kApplied) {
      outcome.applied.push_back(
          {.number = next->number, .path = next->path, .took = loop.clock().Now() - begun});
    }
    turn.backoff.Reset();
    turn.give_up = loop.clock().Now() + options.patience;
  }
}

}  // namespace tidemill::migrations
