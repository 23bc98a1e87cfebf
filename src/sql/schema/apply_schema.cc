#include "sql/schema/apply_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/assert.h"
#include "net/backoff.h"
#include "net/sleep.h"

namespace tidemill::sql {
namespace {

enum class Step : std::uint8_t { kApplied, kLocked, kDoneByAnother };

std::string_view TableExists(Dialect dialect) {
  return dialect == Dialect::kPostgres
             ? "select to_regclass($1) is not null"
             : "select exists (select 1 from sqlite_master where type = 'table' and name = ?1)";
}

std::string SelectApplied(Dialect dialect, const SchemaOptions& options) {
  return "select module, version, checksum, applied_at, applied_by from " + SchemaTable(dialect, options) +
         " order by module, version";
}

Call Once(std::string text, Parameters parameters = {}) {
  return {.statement = Statement(std::move(text), {.reuse = Reuse::kOnce, .parameter_oids = {}}),
          .parameters = std::move(parameters)};
}

std::vector<AppliedVersion> ToApplied(const Rows& rows) {
  std::vector<AppliedVersion> applied;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row row = rows[i];
    applied.push_back({.module = std::string(row[0].text),
                       .version = static_cast<std::uint32_t>(row[1].AsInteger().value_or(0)),
                       .checksum = std::string(row[2].text),
                       .applied_at = std::string(row[3].text),
                       .applied_by = std::string(row[4].text)});
  }
  return applied;
}

// One version of one module, in a transaction of its own.
class Application {
 public:
  Application(Transaction& transaction, Dialect dialect, const SchemaOptions& options, MonotonicTime deadline)
      : transaction_(transaction), dialect_(dialect), options_(options), deadline_(deadline) {}

  static Task<Result<Step>> Run(Application self, const Schema& schema, std::uint32_t version) {
    TM_CO_TRY_ASSIGN(const bool locked, co_await Lock(self));
    if (!locked) co_return Step::kLocked;
    TM_CO_TRY_ASSIGN(const std::vector<AppliedVersion> applied, co_await Applied(self));
    if (JudgeSchema(schema, applied, self.dialect_).applied >= version) co_return Step::kDoneByAnother;
    const SchemaVersion& content = schema.versions[version - 1];
    for (const std::string_view text : StatementsOf(content, self.dialect_)) {
      TM_CO_TRY(co_await self.Do(std::string(text)));
    }
    const std::string_view values = self.dialect_ == Dialect::kPostgres ? "$1, $2, $3, $4" : "?1, ?2, ?3, ?4";
    TM_CO_TRY(
        co_await self.Do(fmt::format("insert into {} (module, version, checksum, applied_by) values ({})",
                                     SchemaTable(self.dialect_, self.options_), values),
                         {std::string(schema.module), std::int64_t{version},
                          ChecksumOf(content, self.dialect_), self.options_.applied_by}));
    co_return Step::kApplied;
  }

 private:
  Task<Result<RunResult>> Do(std::string text, Parameters parameters = {}) {
    Call call = Once(std::move(text), std::move(parameters));
    call.limits.deadline = deadline_;
    return transaction_.Run(std::move(call));
  }

  // SQLite's write transaction is the lock. Nothing waits for Postgres': its timeouts are not ours.
  static Task<Result<bool>> Lock(Application& self) {
    if (self.dialect_ == Dialect::kSqlite) co_return true;
    TM_CO_TRY_ASSIGN(const RunResult got, co_await self.Do("select pg_try_advisory_xact_lock($1)",
                                                           {SchemaLockKey(self.options_)}));
    if (got.rows[0][0].text != "t") co_return false;
    const std::string schema = QuoteIdentifier(self.options_.postgres_schema);
    TM_CO_TRY(co_await self.Do("set local search_path to " + schema));
    TM_CO_TRY(
        co_await self.Do(fmt::format("set local statement_timeout to {}", self.options_.statement_max.ms)));
    co_return true;
  }

  static Task<Result<std::vector<AppliedVersion>>> Applied(Application& self) {
    const std::string table = SchemaTable(self.dialect_, self.options_);
    TM_CO_TRY_ASSIGN(const RunResult there,
                     co_await self.Do(std::string(TableExists(self.dialect_)), {table}));
    TM_CO_TRY_ASSIGN(const bool exists, there.rows[0][0].AsBoolean());
    if (!exists) {
      for (std::string& text : CreateSchemaTable(self.dialect_, self.options_)) {
        TM_CO_TRY(co_await self.Do(std::move(text)));
      }
    }
    TM_CO_TRY_ASSIGN(const RunResult rows, co_await self.Do(SelectApplied(self.dialect_, self.options_)));
    co_return ToApplied(rows.rows);
  }

  Transaction& transaction_;
  Dialect dialect_;
  const SchemaOptions& options_;
  MonotonicTime deadline_;
};

Task<Result<Step>> ApplyOne(net::Loop& loop, Database& database, const Schema& schema, std::uint32_t version,
                            const SchemaOptions& options) {
  const MonotonicTime deadline = loop.clock().Now() + options.statement_max;
  TM_CO_TRY_ASSIGN(const std::unique_ptr<Transaction> transaction,
                   co_await database.Begin({.deadline = deadline}));
  auto step =
      co_await Application::Run({*transaction, database.dialect(), options, deadline}, schema, version);
  if (!step || *step != Step::kApplied) {
    co_await transaction->Rollback();
    co_return step;
  }
  TM_CO_TRY(co_await transaction->Commit());
  co_return step;
}

bool IsBusy(const Result<Step>& step) {
  if (step) return *step == Step::kLocked;
  return step.error().kind == FailureKind::kLocked || MayRetry(step.error());
}

tidemill::Result<void> CheckAll(const std::vector<ModuleState>& states) {
  for (const ModuleState& state : states) {
    if (state.problem.empty() || state.verdict == SchemaVerdict::kUnknown) continue;
    return tidemill::Fail(Errc::kRefused, state.problem);
  }
  return {};
}

// The first version that is missing; nullopt when nothing is.
tidemill::Result<std::optional<AppliedNow>> NextMissing(const std::vector<Schema>& schemas,
                                                        const std::vector<AppliedVersion>& applied,
                                                        Dialect dialect) {
  const std::vector<ModuleState> states = JudgeSchemas(schemas, applied, dialect);
  TM_TRY(CheckAll(states));
  for (const ModuleState& state : states) {
    if (state.verdict == SchemaVerdict::kPending) {
      return AppliedNow{.module = state.module, .version = state.applied + 1};
    }
  }
  return std::nullopt;
}

const Schema& Find(const std::vector<Schema>& schemas, std::string_view module) {
  const auto found = std::ranges::find(schemas, module, &Schema::module);
  TM_ASSERT(found != schemas.end());
  return *found;
}

Error Named(const AppliedNow& version, const Failure& failure) {
  Error error = ToError(failure);
  error.detail = fmt::format("module {}, version {}: {}", version.module, version.version, error.detail);
  return error;
}

}  // namespace

Task<Result<std::vector<AppliedVersion>>> ReadAppliedVersions(Database& database, SchemaOptions options) {
  const Dialect dialect = database.dialect();
  Call exists = Once(std::string(TableExists(dialect)), {SchemaTable(dialect, options)});
  exists.access = Access::kRead;
  TM_CO_TRY_ASSIGN(const RunResult there, co_await database.Run(std::move(exists)));
  TM_CO_TRY_ASSIGN(const bool found, there.rows[0][0].AsBoolean());
  if (!found) co_return std::vector<AppliedVersion>{};
  Call select = Once(SelectApplied(dialect, options));
  select.access = Access::kRead;
  TM_CO_TRY_ASSIGN(const RunResult rows, co_await database.Run(std::move(select)));
  co_return ToApplied(rows.rows);
}

Task<tidemill::Result<std::vector<AppliedNow>>> ApplySchemas(net::Loop& loop, Database& database,
                                                             const std::vector<Schema>& schemas,
                                                             SchemaOptions options) {
  std::vector<AppliedNow> done;
  net::Backoff backoff(Milliseconds(20), Seconds(1));
  MonotonicTime give_up = loop.clock().Now() + options.patience;
  for (;;) {
    const auto applied = co_await ReadAppliedVersions(database, options);
    if (!applied) co_return std::unexpected(ToError(applied.error()));
    TM_CO_TRY_ASSIGN(const std::optional<AppliedNow> next,
                     NextMissing(schemas, *applied, database.dialect()));
    if (!next) co_return done;
    const auto step = co_await ApplyOne(loop, database, Find(schemas, next->module), next->version, options);
    if (IsBusy(step)) {
      if (loop.clock().Now() >= give_up) {
        co_return tidemill::Fail(
            Errc::kTimeout, fmt::format("module {}, version {}: another node holds the lock of the schema",
                                        next->module, next->version));
      }
      co_await net::Sleep(loop, backoff.Next());
      continue;
    }
    if (!step) co_return std::unexpected(Named(*next, step.error()));
    if (*step == Step::kApplied) done.push_back(*next);
    give_up = loop.clock().Now() + options.patience;
    backoff.Reset();
  }
}

}  // namespace tidemill::sql
