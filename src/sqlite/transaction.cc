#include "sqlite/transaction.h"

#include <algorithm>
#include <utility>

#include "sqlite/kept_rows.h"

namespace tidemill::sqlite {
namespace {

using sql::FailureKind;

// In Postgres' words.
sql::Failure Aborted() {
  return {.kind = FailureKind::kInvalidStatement,
          .message = "current transaction is aborted, commands ignored until end of transaction block",
          .code = "25P02"};
}

sql::Failure TransactionOver() {
  return {.kind = FailureKind::kInvalidStatement, .message = "the transaction has ended"};
}

}  // namespace

void TransactionJob::Serve(Connection& connection, std::stop_token stop) {
  if (const auto begun = connection.Begin(access_); !begun) {
    return sender_.Send(std::unexpected(begun.error()));
  }
  const MonotonicTime latest = SystemClock().Now() + times_.whole;
  until_ = std::min(times_.deadline.value_or(latest), latest);
  const auto session = std::make_shared<TransactionSession>();
  sender_.Send(TransactionSession::Holder(session));
  for (;;) {
    auto request = session->Next(stop, std::min(SystemClock().Now() + times_.idle, until_));
    if (!request) {
      // Undone before anybody is told that it is over.
      connection.RollBack();
      return session->End(WhyEnded(*session, stop));
    }
    if (!Handle(connection, *session, *request)) return;
  }
}

bool TransactionJob::Handle(Connection& connection, TransactionSession& session,
                            TransactionRequest& request) {
  using enum TransactionRequest::Kind;
  TransactionRequest::R result;
  sql::Failure why_over = TransactionOver();
  switch (request.kind) {
    case kRun:
      result = Run(connection, request);
      if (result) {
        request.sender.Send(std::move(result));
        return true;
      }
      why_over = Aborted();
      break;
    case kCommit:
      if (const auto done = connection.Commit(); !done) result = std::unexpected(done.error());
      break;
    case kRollback: break;
  }
  connection.RollBack();
  session.End(why_over);
  request.sender.Send(std::move(result));
  return false;
}

TransactionRequest::R TransactionJob::Run(Connection& connection, const TransactionRequest& request) const {
  if (!request.ticket->Take()) return sql::Fail(FailureKind::kTimeout, "the deadline passed");
  const MonotonicTime latest = std::min(SystemClock().Now() + times_.statement, until_);
  const Connection::StopScope scope(
      connection, {.deadline = std::min(request.ticket->deadline().value_or(latest), latest),
                   .cancelled = &request.ticket->cancelled()});
  KeptRows kept;
  TM_TRY_ASSIGN(const sql::Summary summary, connection.Run(*request.call, kept));
  return sql::RunResult{.rows = kept.Take(), .rows_affected = summary.rows_affected};
}

sql::Failure TransactionJob::WhyEnded(const TransactionSession& session, const std::stop_token& stop) const {
  if (session.left()) return TransactionOver();
  if (stop.stop_requested()) return {.kind = FailureKind::kUnavailable, .message = "the server stops"};
  if (SystemClock().Now() >= until_) {
    return {.kind = FailureKind::kTimeout,
            .message =
                "the transaction was rolled back: it lasted longer than its deadline or "
                "storage.sqlite.transaction_timeout"};
  }
  return {.kind = FailureKind::kTimeout,
          .message =
              "the transaction was rolled back: it did nothing for "
              "storage.sqlite.transaction_idle_timeout"};
}

Task<sql::Result<sql::RunResult>> TransactionOnLoop::Ask(TransactionRequest::Kind kind,
                                                         std::optional<sql::Call> call) {
  const std::optional<MonotonicTime> deadline = call ? call->limits.deadline : std::nullopt;
  Waiter<TransactionRequest::R> waiter(loop_, deadline);
  session_->Post(
      {.kind = kind, .call = std::move(call), .sender = waiter.sender(), .ticket = waiter.ticket()});
  auto answer = co_await waiter.reply();
  if (!answer) metrics_.CountFailure(answer.error().kind);
  co_return answer;
}

Task<sql::Result<sql::RunResult>> TransactionOnLoop::Run(sql::Call call) {
  co_return co_await Ask(TransactionRequest::Kind::kRun, std::move(call));
}

Task<sql::Result<void>> TransactionOnLoop::Commit() {
  TM_CO_TRY(co_await Ask(TransactionRequest::Kind::kCommit, std::nullopt));
  co_return sql::Result<void>();
}

Task<void> TransactionOnLoop::Rollback() {
  // Whatever it says, it is rolled back.
  (void)co_await Ask(TransactionRequest::Kind::kRollback, std::nullopt);
}

}  // namespace tidemill::sqlite
