#include "chat/store/work.h"

#include "net/backoff.h"
#include "net/sleep.h"
#include "sql/schema/own_tables.h"

namespace tidemill::chat {
namespace {

constexpr int kAttemptsMax = 5;
constexpr Duration kPauseFirst = Milliseconds(4);

}  // namespace

Task<Outcome<sql::RunResult>> Work::RunCall(sql::Call call) {
  auto done = sql::OnOwnTables(co_await transaction_.Run(std::move(call)));
  if (!done) {
    failure_ = done.error();
    co_return std::unexpected(RefusalOf(done.error()));
  }
  co_return *std::move(done);
}

Task<Outcome<sql::Rows>> Work::Run(sql::Statement statement, sql::Parameters parameters) {
  TM_CO_TRY_ASSIGN(sql::RunResult result, co_await RunCall({.statement = std::move(statement),
                                                            .parameters = std::move(parameters)}));
  co_return std::move(result.rows);
}

Task<Outcome<std::size_t>> Work::Change(sql::Statement statement, sql::Parameters parameters) {
  TM_CO_TRY_ASSIGN(const sql::RunResult result, co_await RunCall({.statement = std::move(statement),
                                                                  .parameters = std::move(parameters)}));
  co_return result.rows_affected;
}

Task<Outcome<>> Work::RunAll(std::vector<sql::Call> calls) {
  for (sql::Call& call : calls) TM_CO_TRY(co_await RunCall(std::move(call)));
  co_return Outcome<>{};
}

// A row that somebody else has inserted meanwhile is there at the next attempt, and is then looked at.
bool MayTryAgain(const sql::Failure& failure, int attempt) {
  const bool may = sql::MayRetry(failure) || failure.kind == sql::FailureKind::kUniqueViolation;
  return may && attempt < kAttemptsMax;
}

Task<void> PauseBefore(net::Loop& loop, int attempt) {
  net::Backoff backoff(Milliseconds(kPauseFirst.ms << attempt), Seconds(1));
  co_await net::Sleep(loop, backoff.Next());
}

}  // namespace tidemill::chat
