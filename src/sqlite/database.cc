#include "sqlite/database.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "sqlite/kept_rows.h"
#include "sqlite/stream.h"
#include "sqlite/transaction.h"
#include "sqlite/values.h"

namespace tidemill::sqlite {
namespace {

using sql::Access;
using sql::Call;
using sql::RunResult;
using sql::Summary;

sql::Result<RunResult> RunKept(Connection& connection, const Call& call) {
  KeptRows kept;
  TM_TRY_ASSIGN(const Summary summary, connection.Run(call, kept));
  return RunResult{.rows = kept.Take(), .rows_affected = summary.rows_affected};
}

sql::Result<std::vector<RunResult>> RunEach(Connection& connection, const std::vector<Call>& calls) {
  std::vector<RunResult> results;
  std::uint64_t together_max = connection.result_bytes_max();
  for (const Call& call : calls) together_max = std::max(together_max, call.limits.bytes_max);
  std::uint64_t together = 0;
  for (const Call& call : calls) {
    TM_TRY_ASSIGN(RunResult result, RunKept(connection, call));
    together += result.rows.bytes();
    if (together > together_max) {
      return sql::Fail(sql::FailureKind::kLimitExceeded,
                       fmt::format("the results have more than {} bytes together", together_max));
    }
    results.push_back(std::move(result));
  }
  return results;
}

// In one snapshot.
sql::Result<std::vector<RunResult>> ReadEach(Connection& connection, const std::vector<Call>& calls) {
  TM_TRY(connection.Begin(Access::kRead));
  auto results = RunEach(connection, calls);
  connection.RollBack();
  return results;
}

sql::Result<sql::Description> DescribeOn(Connection& connection, const sql::Statement& statement) {
  static const auto kAny = std::make_shared<const sql::Type>();
  TM_TRY_ASSIGN(Query query, connection.PrepareByNewestTables(statement));
  return sql::Description{.parameters = {static_cast<std::size_t>(query.parameters()), kAny},
                          .columns = *query.Columns(),
                          .access = query.reads_only() ? Access::kRead : Access::kWrite,
                          .origins = OriginsOf(query.handle())};
}

// Keeps its rows until the commit: it may run more than once.
class RunIntoJob final : public GroupedJob {
 public:
  RunIntoJob(Waiter<sql::Result<Summary>>& waiter, Call call, std::shared_ptr<sql::RowSink> sink)
      : GroupedJob(waiter.ticket()),
        sender_(waiter.sender()),
        call_(std::move(call)),
        sink_(std::move(sink)) {}

  sql::Result<void> Run(Connection& connection) override {
    kept_.emplace();
    TM_TRY_ASSIGN(summary_, connection.Run(call_, *kept_));
    return {};
  }
  void Answer() override {
    const sql::Rows rows = kept_->Take();
    if (!rows.columns().empty()) sink_->OnColumns(std::make_shared<const sql::Columns>(rows.columns()));
    for (std::size_t i = 0; i < rows.size(); ++i) sink_->OnRow(rows[i]);
    sender_.Send(summary_);
  }
  void Refuse(sql::Failure failure) override { sender_.Send(std::unexpected(std::move(failure))); }

 private:
  const net::Reply<sql::Result<Summary>>::Sender sender_;
  const Call call_;
  const std::shared_ptr<sql::RowSink> sink_;
  std::optional<KeptRows> kept_;
  Summary summary_;
};

}  // namespace

sql::Result<void> Database::PostRead(std::unique_ptr<LoneJob> job, Lasts lasts) {
  TM_TRY(store_.readers().Post(std::move(job), lasts));
  if (posted_reads_++ == 0) loop_.ArmTurnEnd(net::TurnEndRank::kThreads, *this);
  if (posted_reads_ % kReadsBeforeWake == 0) store_.readers().Wake();
  return {};
}

void Database::OnTurnEnd() {
  posted_reads_ = 0;
  store_.readers().Wake();
}

Task<sql::Result<RunResult>> Database::Run(Call call) {
  const sql::Limits limits = call.limits;
  const bool reads = call.access == Access::kRead;
  sql::Statement what = call.statement;
  auto run = [moved = std::move(call)](Connection& connection) { return RunKept(connection, moved); };
  if (reads) co_return co_await Read(std::move(run), std::move(what), limits.deadline, limits.wait_max);
  co_return co_await Write(std::move(run), limits.deadline, limits.wait_max);
}

Task<sql::Result<Summary>> Database::RunInto(Call call, std::shared_ptr<sql::RowSink> sink) {
  const sql::Limits limits = call.limits;
  if (call.access == Access::kRead) {
    sql::Statement what = call.statement;
    auto run = [moved = std::move(call), into = std::move(sink)](Connection& connection) {
      return connection.Run(moved, *into);
    };
    co_return co_await Read(std::move(run), std::move(what), limits.deadline, limits.wait_max);
  }
  Waiter<sql::Result<Summary>> waiter(loop_, limits.deadline, limits.wait_max);
  TM_CO_TRY(store_.PostWrite(std::make_unique<RunIntoJob>(waiter, std::move(call), std::move(sink))));
  co_return co_await waiter.reply();
}

Task<sql::Result<std::vector<RunResult>>> Database::RunAll(std::vector<Call> calls) {
  if (calls.empty()) co_return std::vector<RunResult>();
  const sql::Limits limits = calls.front().limits;
  const bool reads =
      std::ranges::all_of(calls, [](const Call& call) { return call.access == Access::kRead; });
  if (reads) {
    sql::Statement what = calls.front().statement;
    auto run = [moved = std::move(calls)](Connection& connection) { return ReadEach(connection, moved); };
    co_return co_await Read(std::move(run), std::move(what), limits.deadline, limits.wait_max);
  }
  auto run = [moved = std::move(calls)](Connection& connection) { return RunEach(connection, moved); };
  co_return co_await Write(std::move(run), limits.deadline, limits.wait_max);
}

Task<sql::Result<std::unique_ptr<sql::RowStream>>> Database::Stream(Call call) {
  if (call.access != Access::kRead) {
    TM_CO_TRY_ASSIGN(RunResult result, co_await Run(std::move(call)));
    co_return std::make_unique<KeptStream>(std::move(result.rows));
  }
  Waiter<sql::Result<BegunStream>> waiter(loop_, call.limits.deadline, call.limits.wait_max);
  const StreamJob::Times times{.piece = store_.settings().statement_timeout,
                               .idle = store_.settings().transaction_idle_timeout};
  TM_CO_TRY(PostRead(std::make_unique<StreamJob>(waiter, std::move(call), times), Lasts::kYes));
  auto begun = co_await waiter.reply();
  if (!begun) {
    store_.CountFailure(begun.error().kind);
    co_return std::unexpected(std::move(begun).error());
  }
  co_return std::make_unique<StreamOnLoop>(loop_, store_.metrics(), *std::move(begun));
}

Task<sql::Result<std::unique_ptr<sql::Transaction>>> Database::Begin(sql::TransactionOptions options) {
  Waiter<BegunTransaction> waiter(loop_, options.deadline, options.wait_max);
  const TransactionTimes times{.statement = store_.settings().statement_timeout,
                               .idle = store_.settings().transaction_idle_timeout,
                               .whole = store_.settings().transaction_timeout,
                               .deadline = options.deadline};
  auto job = std::make_unique<TransactionJob>(waiter, options.access, times);
  if (options.access == Access::kRead) {
    TM_CO_TRY(PostRead(std::move(job), Lasts::kYes));
  } else {
    TM_CO_TRY(store_.PostWrite(std::move(job)));
  }
  auto session = co_await waiter.reply();
  if (!session) {
    store_.CountFailure(session.error().kind);
    co_return std::unexpected(std::move(session).error());
  }
  co_return std::make_unique<TransactionOnLoop>(loop_, store_.metrics(), *std::move(session));
}

Task<sql::Result<sql::Description>> Database::Describe(sql::Statement statement) {
  sql::Statement what = statement;
  co_return co_await Read(
      [moved = std::move(statement)](Connection& connection) { return DescribeOn(connection, moved); },
      std::move(what));
}

std::optional<MonotonicTime> Database::down_since() const {
  const std::optional<Problem> problem = store_.problem();
  if (!problem) return std::nullopt;
  return problem->since;
}

}  // namespace tidemill::sqlite
