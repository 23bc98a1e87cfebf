#include "sql/transact.h"

#include <utility>

#include "net/backoff.h"
#include "net/sleep.h"

namespace tidemill::sql {
namespace {

using Body = std::function<Task<Result<void>>(Transaction&)>;

Task<Result<void>> Attempt(Database& database, TransactionOptions options, const Body& body) {
  TM_CO_TRY_ASSIGN(const std::unique_ptr<Transaction> transaction, co_await database.Begin(options));
  if (auto done = co_await body(*transaction); !done) {
    co_await transaction->Rollback();
    co_return std::unexpected(std::move(done).error());
  }
  co_return co_await transaction->Commit();
}

}  // namespace

Task<Result<void>> Transact(net::Loop& loop, Database& database, TransactOptions options, Body body) {
  net::Backoff backoff(options.pause_first, options.pause_max);
  for (std::uint32_t attempt = 1;; ++attempt) {
    auto done = co_await Attempt(database, options.transaction, body);
    if (done || !MayRetry(done.error()) || attempt >= options.attempts_max) co_return done;
    co_await net::Sleep(loop, backoff.Next());
  }
}

}  // namespace tidemill::sql
