#include "queries/idempotency/first_answers.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "queries/cache/answer_record.h"
#include "sql/schema/own_tables.h"
#include "sql/schema/schema.h"

namespace tidemill::queries {
namespace {

// In `text`, "?" stands for the dialect's sign of a parameter, "TABLE" for the table's name.
sql::Statement InDialect(std::string text, const FirstAnswers::Options& options) {
  const bool sqlite = options.dialect == sql::Dialect::kSqlite;
  if (!sqlite) std::ranges::replace(text, '?', '$');
  const std::string name = sqlite ? "tidemill_idempotency"
                                  : sql::QuoteIdentifier(options.postgres_schema) + ".tidemill_idempotency";
  constexpr std::string_view kTable = "TABLE";
  for (std::size_t at = text.find(kTable); at != std::string::npos;
       at = text.find(kTable, at + name.size())) {
    text.replace(at, kTable.size(), name);
  }
  return sql::Statement(std::move(text));
}

// Of Postgres' advisory lock: 64 bits of the digest.
std::int64_t LockKeyOf(const WriteIdentity& write) {
  std::uint64_t key = 0;
  std::from_chars(write.id.data(), write.id.data() + 16, key, 16);
  return static_cast<std::int64_t>(key);
}

}  // namespace

FirstAnswers::FirstAnswers(Options options)
    : options_(std::move(options)),
      lock_("select pg_try_advisory_xact_lock($1)"),
      find_(InDialect("select fingerprint, answer from TABLE where id = ?1 and expires_at > ?2", options_)),
      check_constraints_("set constraints all immediate"),
      end_role_("select set_config('role', 'none', true)"),
      // One that has expired may still be there.
      keep_(InDialect("insert into TABLE (id, fingerprint, answer, expires_at) values (?1, ?2, ?3, ?4) "
                      "on conflict (id) do update set fingerprint = excluded.fingerprint, "
                      "answer = excluded.answer, expires_at = excluded.expires_at",
                      options_)),
      delete_expired_(InDialect("delete from TABLE where id in "
                                "(select id from TABLE where expires_at <= ?1 limit ?2)",
                                options_)) {}

Task<sql::Result<FirstAnswer>> FirstAnswers::Find(sql::Transaction& transaction, WriteIdentity write,
                                                  WallTime now) const {
  if (options_.dialect == sql::Dialect::kPostgres) {
    // The lock ends with its transaction, after that's effects can be seen. What they are is read in a
    // statement of its own: a statement sees what was there when it began.
    TM_CO_TRY_ASSIGN(const sql::RunResult lock,
                     co_await transaction.Run({.statement = lock_, .parameters = {LockKeyOf(write)}}));
    TM_CO_TRY_ASSIGN(const bool locked, lock.rows[0][0].AsBoolean());
    if (!locked) co_return FirstAnswer{.state = FirstAnswer::State::kUnderWay};
  }
  TM_CO_TRY_ASSIGN(
      const sql::RunResult found,
      sql::OnOwnTables(co_await transaction.Run({.statement = find_, .parameters = {write.id, now.ms}})));
  if (found.rows.empty()) co_return FirstAnswer{};
  if (found.rows[0][0].text != write.fingerprint) co_return FirstAnswer{.state = FirstAnswer::State::kOther};
  auto answer = DecodeAnswer(found.rows[0][1].text);
  if (!answer) co_return sql::Fail(sql::FailureKind::kCorrupt, "a kept answer: " + answer.error().detail);
  FirstAnswer first{.state = FirstAnswer::State::kThere, .response = (*answer)->response};
  first.response.headers.emplace_back("Idempotent-Replayed", "true");
  co_return first;
}

Task<sql::Result<void>> FirstAnswers::Keep(sql::Transaction& transaction, WriteIdentity write,
                                           http::Response response, WallTime now) const {
  std::string record = EncodeAnswer(*CachedAnswer::Make(std::move(response)));
  if (record.size() > kBytesMax) {
    co_return sql::Fail(sql::FailureKind::kLimitExceeded,
                        "the answer to a request with an Idempotency-Key has at most 1 MiB");
  }
  if (options_.dialect == sql::Dialect::kPostgres) {
    // What is deferred to the commit runs as the role of the write, too.
    TM_CO_TRY(co_await transaction.Run({.statement = check_constraints_}));
    TM_CO_TRY(co_await transaction.Run({.statement = end_role_}));
  }
  TM_CO_TRY(sql::OnOwnTables(
      co_await transaction.Run({.statement = keep_,
                                .parameters = {write.id, write.fingerprint, sql::Bytes{std::move(record)},
                                               (now + options_.kept_for).ms}})));
  co_return sql::Result<void>();
}

Task<sql::Result<std::uint64_t>> FirstAnswers::DeleteExpired(sql::Database& database, WallTime now,
                                                             std::int64_t rows_max) const {
  TM_CO_TRY_ASSIGN(const sql::RunResult result,
                   sql::OnOwnTables(co_await database.Run(
                       {.statement = delete_expired_, .parameters = {now.ms, rows_max}})));
  co_return result.rows_affected;
}

}  // namespace tidemill::queries
