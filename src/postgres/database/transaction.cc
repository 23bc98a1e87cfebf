#include "postgres/database/transaction.h"

#include <optional>
#include <string>
#include <utility>

#include "net/timer_wheel.h"
#include "postgres/statements/check.h"
#include "postgres/statements/settings_call.h"

namespace tidemill::postgres {
namespace {

std::string BeginText(const sql::TransactionOptions& options) {
  std::string text = "begin";
  if (options.isolation == sql::Isolation::kRepeatable) text += " isolation level repeatable read";
  if (options.isolation == sql::Isolation::kSerializable) text += " isolation level serializable";
  text += options.access == sql::Access::kRead ? " read only" : " read write";
  return text;
}

// BEGIN goes in front of the first statement, in its segment.
class PostgresTransaction final : public sql::Transaction, private net::Timer {
 public:
  PostgresTransaction(Lease lease, sql::TransactionOptions options)
      : lease_(std::move(lease)), options_(options), loop_(lease_->loop()), begin_(BeginText(options)) {
    if (options_.deadline) loop_.timers().Schedule(*this, *options_.deadline);
  }
  ~PostgresTransaction() override { loop_.timers().Cancel(*this); }

  Task<sql::Result<sql::RunResult>> Run(sql::Call call) override {
    TM_CO_TRY(Usable());
    if (auto checked = CheckCall(call, lease_->options().limits); !checked) {
      failed_ = true;
      lease_->metrics().failures(checked.error().kind).Add();
      co_return std::unexpected(std::move(checked).error());
    }
    Ask ask{.begin = std::exchange(begin_, {}),
            .in_transaction = true,
            .forbids_writes = call.access == sql::Access::kRead && options_.access == sql::Access::kWrite,
            .loss = sql::Effect::kNone};
    ask.deadline = Earlier(call.limits.deadline, options_.deadline);
    if (call.settings) ask.calls.push_back(SettingsCall(*call.settings, call.access));
    ask.calls.push_back(std::move(call));
    auto done = co_await Execute(std::move(ask));
    if (!done) {
      failed_ = true;
      co_return std::unexpected(std::move(done).error());
    }
    Done& last = done->back();
    co_return sql::RunResult{.rows = std::move(last.rows), .rows_affected = last.rows_affected};
  }

  Task<sql::Result<void>> Commit() override {
    if (auto usable = Usable(); !usable) {
      co_await Rollback();
      co_return std::unexpected(std::move(usable).error());
    }
    if (begin_.empty()) TM_CO_TRY(co_await End("commit"));
    begin_.clear();
    is_over_ = true;
    lease_.Return();
    co_return sql::Result<void>();
  }

  Task<void> Rollback() override {
    if (!lease_) co_return;
    if (begin_.empty()) (void)co_await End("rollback");
    is_over_ = true;
    lease_.Return();
  }

 private:
  static std::optional<MonotonicTime> Earlier(std::optional<MonotonicTime> a,
                                              std::optional<MonotonicTime> b) {
    if (!a || !b) return a ? a : b;
    return *a < *b ? a : b;
  }

  sql::Result<void> Usable() const {
    if (is_late_) return sql::Fail(sql::FailureKind::kTimeout, "the transaction's deadline has passed");
    if (!failed_ && !is_over_ && lease_) return {};
    return std::unexpected(sql::Failure{.kind = sql::FailureKind::kInvalidStatement,
                                        .message = is_over_
                                                       ? "the transaction has ended"
                                                       : "the transaction has failed and must be rolled back",
                                        .code = "25P02"});
  }

  Task<sql::Result<Answers>> Execute(Ask ask) {
    is_busy_ = true;
    const bool may_write = options_.access == sql::Access::kWrite && !ask.forbids_writes;
    auto done = co_await lease_->Execute(ask);
    is_busy_ = false;
    // A write that we did not forbid: the server is no primary any more.
    if (!done && done.error().kind == sql::FailureKind::kReadOnly && may_write &&
        lease_->connection().parameter("in_hot_standby") != "off") {
      lease_->connection().End("the server became read-only");
    }
    co_return done;
  }

  // The server answers COMMIT with "ROLLBACK" when it did not commit.
  Task<sql::Result<void>> End(const char* how) {
    const bool commits = std::string_view(how) == "commit";
    Ask ask{.calls = {{.statement = sql::Statement(how, {.reuse = sql::Reuse::kOnce})}},
            .loss = commits ? sql::Effect::kUnknown : sql::Effect::kNone};
    if (commits) ask.deadline = options_.deadline;
    auto done = co_await Execute(std::move(ask));
    if (!done) {
      failed_ = true;
      lease_.Return();
      co_return std::unexpected(std::move(done).error());
    }
    if (commits && done->front().command != "COMMIT") {
      lease_.Return();
      co_return std::unexpected(sql::Failure{.kind = sql::FailureKind::kInvalidStatement,
                                             .message = "the transaction had failed and was rolled back",
                                             .code = "25P02"});
    }
    co_return sql::Result<void>();
  }

  // The call that runs has the same deadline; when none runs, nothing holds the connection any longer.
  void OnTimer() override {
    is_late_ = true;
    if (!is_busy_) lease_.Return();
  }

  Lease lease_;
  const sql::TransactionOptions options_;
  net::Loop& loop_;
  std::string begin_;  // "": it has begun
  bool failed_ = false;
  bool is_over_ = false;
  bool is_late_ = false;
  bool is_busy_ = false;
};

}  // namespace

std::unique_ptr<sql::Transaction> MakeTransaction(Lease lease, sql::TransactionOptions options) {
  return std::make_unique<PostgresTransaction>(std::move(lease), options);
}

}  // namespace tidemill::postgres
