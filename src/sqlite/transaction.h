// TransactionJob: a transaction of several steps, on the thread that holds its connection; OnLoop: the
// loop's end of it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "net/loop.h"
#include "net/reply.h"
#include "sql/database.h"
#include "sqlite/connection.h"
#include "sqlite/job.h"
#include "sqlite/session.h"
#include "sqlite/store.h"
#include "sqlite/waiter.h"

namespace tidemill::sqlite {

struct TransactionRequest {
  enum class Kind : std::uint8_t { kRun, kCommit, kRollback };
  using R = sql::Result<sql::RunResult>;

  Kind kind = Kind::kRun;
  std::optional<sql::Call> call;  // of kRun
  net::Reply<R>::Sender sender;
  std::shared_ptr<Ticket> ticket;

  void Refuse(const sql::Failure& why) const { sender.Send(std::unexpected(why)); }
};

using TransactionSession = Session<TransactionRequest>;
// What Begin brings to the loop.
using BegunTransaction = sql::Result<TransactionSession::Holder>;

struct TransactionTimes {
  Duration statement;
  Duration idle;
  Duration whole;
  std::optional<MonotonicTime> deadline;  // of the whole
};

class TransactionJob final : public LoneJob {
 public:
  TransactionJob(Waiter<BegunTransaction>& waiter, sql::Access access, TransactionTimes times)
      : LoneJob(waiter.ticket()), sender_(waiter.sender()), access_(access), times_(times) {}

  void Serve(Connection& connection, std::stop_token stop) override;
  void Refuse(sql::Failure failure) override { sender_.Send(std::unexpected(std::move(failure))); }
  std::string Name() const override { return "a transaction"; }

 private:
  // Whether the transaction goes on.
  bool Handle(Connection& connection, TransactionSession& session, TransactionRequest& request);
  TransactionRequest::R Run(Connection& connection, const TransactionRequest& request) const;
  sql::Failure WhyEnded(const TransactionSession& session, const std::stop_token& stop) const;

  const net::Reply<BegunTransaction>::Sender sender_;
  const sql::Access access_;
  const TransactionTimes times_;
  MonotonicTime until_{};
};

class TransactionOnLoop final : public sql::Transaction {
 public:
  TransactionOnLoop(net::Loop& loop, Metrics& metrics, TransactionSession::Holder session)
      : loop_(loop), metrics_(metrics), session_(std::move(session)) {}

  Task<sql::Result<sql::RunResult>> Run(sql::Call call) override;
  Task<sql::Result<void>> Commit() override;
  Task<void> Rollback() override;

 private:
  Task<sql::Result<sql::RunResult>> Ask(TransactionRequest::Kind kind, std::optional<sql::Call> call);

  net::Loop& loop_;
  Metrics& metrics_;  // outlives the store
  TransactionSession::Holder session_;
};

}  // namespace tidemill::sqlite
