// Work: a transaction that is under way, and InTransaction: which begins one, runs what is to be done in it,
// and does all of it again where the database asks for that.
//
// Loop thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "chat/store/refusal.h"
#include "chat/store/sql_context.h"
#include "net/task.h"
#include "sql/database.h"

namespace tidemill::chat {

class Work {
 public:
  Work(sql::Transaction& transaction, WallTime now) : transaction_(transaction), now_(now) {}

  // One time for all that it does.
  WallTime now() const { return now_; }

  Task<Outcome<sql::Rows>> Run(sql::Statement statement, sql::Parameters parameters);
  Task<Outcome<std::size_t>> Change(sql::Statement statement, sql::Parameters parameters);
  Task<Outcome<>> RunAll(std::vector<sql::Call> calls);

  // Of the database, which has ended the transaction.
  const std::optional<sql::Failure>& failure() const { return failure_; }

 private:
  Task<Outcome<sql::RunResult>> RunCall(sql::Call call);

  sql::Transaction& transaction_;
  const WallTime now_;
  std::optional<sql::Failure> failure_;
};

// An attempt that has failed by the database alone, and left nothing, so that another may succeed.
bool MayTryAgain(const sql::Failure& failure, int attempt);
// A while before the next attempt.
Task<void> PauseBefore(net::Loop& loop, int attempt);

template <class T>
struct Attempted {
  Outcome<T> result;
  std::optional<sql::Failure> failure;
};

template <class T>
Task<Attempted<T>> Attempt(SqlContext& context, const std::function<Task<Outcome<T>>(Work&)>& body) {
  auto begun = co_await context.database().Begin({});
  if (!begun)
    co_return Attempted<T>{.result = std::unexpected(RefusalOf(begun.error())), .failure = std::nullopt};
  const std::unique_ptr<sql::Transaction> transaction = *std::move(begun);
  Work work(*transaction, context.now());
  Outcome<T> result = co_await body(work);
  if (!result) {
    co_await transaction->Rollback();
    co_return Attempted<T>{.result = std::move(result), .failure = work.failure()};
  }
  const auto committed = co_await transaction->Commit();
  if (!committed)
    co_return Attempted<T>{.result = std::unexpected(RefusalOf(committed.error())),
                           .failure = committed.error()};
  co_return Attempted<T>{.result = std::move(result), .failure = std::nullopt};
}

// `body` may run several times and has no effects but those on the transaction.
template <class T>
Task<Outcome<T>> InTransaction(SqlContext& context, std::function<Task<Outcome<T>>(Work&)> body) {
  for (int attempt = 1;; ++attempt) {
    Attempted<T> attempted = co_await Attempt<T>(context, body);
    if (!attempted.failure || !MayTryAgain(*attempted.failure, attempt))
      co_return std::move(attempted.result);
    co_await PauseBefore(context.loop(), attempt);
  }
}

}  // namespace tidemill::chat
