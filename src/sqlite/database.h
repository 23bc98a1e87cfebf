// Database: the embedded database on one loop: sql::Database, and a way in for C++ that runs where the data
// is.
//
// Reads (Access::kRead) run beside each other and beside the writer, each on a snapshot. Everything else goes
// to the writer, in the order in which this loop has sent it: also a SELECT that does not say kRead.
// A stream that may write is run whole, and then read from memory.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/loop.h"
#include "net/task.h"
#include "sql/database.h"
#include "sqlite/connection.h"
#include "sqlite/job.h"
#include "sqlite/store.h"
#include "sqlite/waiter.h"

namespace tidemill::sqlite {

class Database final : public sql::Database, private net::TurnEndHook {
 public:
  // The store outlives it.
  Database(net::Loop& loop, Store& store) : loop_(loop), store_(store) {}
  ~Database() override {
    if (posted_reads_ > 0) loop_.DisarmTurnEnd(*this);
  }

  sql::Dialect dialect() const override { return sql::Dialect::kSqlite; }
  Task<sql::Result<sql::RunResult>> Run(sql::Call call) override;
  Task<sql::Result<sql::Summary>> RunInto(sql::Call call, std::shared_ptr<sql::RowSink> sink) override;
  Task<sql::Result<std::vector<sql::RunResult>>> RunAll(std::vector<sql::Call> calls) override;
  Task<sql::Result<std::unique_ptr<sql::RowStream>>> Stream(sql::Call call) override;
  Task<sql::Result<std::unique_ptr<sql::Transaction>>> Begin(sql::TransactionOptions options) override;
  Task<sql::Result<sql::Description>> Describe(sql::Statement statement) override;
  std::optional<MonotonicTime> down_since() const override;

  // Runs `function`, a sql::Result<T>(Connection&), on the writer's thread, in the transaction that it shares
  // with all that waits, in a savepoint of its own: what it did is undone if it fails. Its result comes after
  // the commit. It may run more than once (job.h), so it has no effects but those on the connection, and owns
  // what it uses. It keeps the other writers waiting: it computes nothing that could be computed before.
  template <class F>
  Task<std::invoke_result_t<F&, Connection&>> Write(F function, std::optional<MonotonicTime> deadline = {},
                                                    std::optional<Duration> wait_max = {});
  // The same on a reader's thread and connection; each of its statements in a snapshot of its own.
  template <class F>
  // `what` is for the log: what holds a snapshot for long.
  Task<std::invoke_result_t<F&, Connection&>> Read(F function, sql::Statement what,
                                                   std::optional<MonotonicTime> deadline = {},
                                                   std::optional<Duration> wait_max = {});

 private:
  // Threads that read are woken when so many reads of a turn wait, and at its end.
  static constexpr std::size_t kReadsBeforeWake = 16;

  sql::Result<void> PostRead(std::unique_ptr<LoneJob> job, Lasts lasts);
  void OnTurnEnd() override;

  template <class R, class F>
  class WriteJob;
  template <class R, class F>
  class ReadJob;

  net::Loop& loop_;
  Store& store_;
  std::size_t posted_reads_ = 0;  // since the threads were woken
};

template <class R, class F>
class Database::WriteJob final : public GroupedJob {
 public:
  WriteJob(Waiter<R>& waiter, F function)
      : GroupedJob(waiter.ticket()), sender_(waiter.sender()), function_(std::move(function)) {}

  sql::Result<void> Run(Connection& connection) override {
    result_.emplace(function_(connection));
    if (*result_) return {};
    return std::unexpected(result_->error());
  }
  void Answer() override { sender_.Send(*std::move(result_)); }
  void Refuse(sql::Failure failure) override { sender_.Send(std::unexpected(std::move(failure))); }

 private:
  const typename Waiter<R>::Sender sender_;
  F function_;
  std::optional<R> result_;
};

template <class R, class F>
class Database::ReadJob final : public LoneJob {
 public:
  ReadJob(Waiter<R>& waiter, F function, sql::Statement what, Duration timeout)
      : LoneJob(waiter.ticket()),
        sender_(waiter.sender()),
        function_(std::move(function)),
        what_(std::move(what)),
        timeout_(timeout) {}

  void Serve(Connection& connection, std::stop_token) override {
    const MonotonicTime latest = SystemClock().Now() + timeout_;
    const Connection::StopScope scope(connection,
                                      {.deadline = std::min(ticket().deadline().value_or(latest), latest),
                                       .cancelled = &ticket().cancelled()});
    sender_.Send(function_(connection));
  }
  void Refuse(sql::Failure failure) override { sender_.Send(std::unexpected(std::move(failure))); }
  std::string Name() const override { return what_.text().substr(0, 200); }

 private:
  const typename Waiter<R>::Sender sender_;
  F function_;
  const sql::Statement what_;
  const Duration timeout_;
};

template <class F>
Task<std::invoke_result_t<F&, Connection&>> Database::Write(F function, std::optional<MonotonicTime> deadline,
                                                            std::optional<Duration> wait_max) {
  using R = std::invoke_result_t<F&, Connection&>;
  Waiter<R> waiter(loop_, deadline, wait_max);
  TM_CO_TRY(store_.PostWrite(std::make_unique<WriteJob<R, F>>(waiter, std::move(function))));
  co_return co_await waiter.reply();
}

template <class F>
Task<std::invoke_result_t<F&, Connection&>> Database::Read(F function, sql::Statement what,
                                                           std::optional<MonotonicTime> deadline,
                                                           std::optional<Duration> wait_max) {
  using R = std::invoke_result_t<F&, Connection&>;
  Waiter<R> waiter(loop_, deadline, wait_max);
  TM_CO_TRY(PostRead(std::make_unique<ReadJob<R, F>>(waiter, std::move(function), std::move(what),
                                                     store_.settings().statement_timeout),
                     Lasts::kNo));
  auto result = co_await waiter.reply();
  if (!result) store_.CountFailure(result.error().kind);
  co_return result;
}

}  // namespace tidemill::sqlite
