#include "postgres/database/database.h"

#include <algorithm>
#include <iterator>
#include <type_traits>
#include <utility>

#include "base/assert.h"
#include "postgres/database/copies.h"
#include "postgres/database/row_stream.h"
#include "postgres/database/transaction.h"
#include "postgres/lanes/exclusive_lane.h"
#include "postgres/lanes/shared_lane.h"
#include "postgres/statements/check.h"
#include "postgres/statements/keywords.h"
#include "postgres/statements/settings_call.h"
#include "postgres/statements/slowness.h"

namespace tidemill::postgres {
namespace {

constexpr std::string_view kMissingSync = "missing_sync";

LaneOptions MakeLaneOptions(const DatabaseOptions& options) {
  LaneOptions lane;
  lane.session.connection = {.io_timeout = options.io_timeout,
                             .statement_timeout = options.statement_timeout,
                             .probe_interval = options.probe_interval,
                             .row_bytes_max = static_cast<std::uint32_t>(options.limits.row_bytes_max)};
  lane.session.limits = options.limits;
  lane.session.lock_timeout = options.lock_timeout;
  lane.session.transaction_idle_max = options.transaction_idle_max;
  lane.session.prepared_max = options.prepared_max;
  lane.wait = {.waiting_max = options.pool.waiting_max, .wait_max = options.pool.wait_max};
  lane.in_flight_max = options.pool.in_flight_max;
  lane.idle_max = options.pool.idle_max;
  lane.lifetime_max = options.pool.lifetime_max;
  lane.reconnect_delay_max = options.pool.reconnect_delay_max;
  return lane;
}

LaneOptions SharedOptions(const DatabaseOptions& options) {
  LaneOptions lane = MakeLaneOptions(options);
  lane.connections = options.pool.shared_connections;
  lane.session.connection.miss_a_sync_for_test = options.plant_bug_for_test == kMissingSync;
  return lane;
}

LaneOptions ExclusiveOptions(const DatabaseOptions& options) {
  LaneOptions lane = MakeLaneOptions(options);
  lane.connections = options.pool.exclusive_connections;
  return lane;
}

class PostgresDatabase final : public Database {
 public:
  PostgresDatabase(net::Loop& loop, const SessionOpener& opener, const DatabaseOptions& options,
                   Metrics& metrics)
      : loop_(loop),
        limits_(options.limits),
        metrics_(metrics),
        shared_(loop, {.opener = opener, .catalog = catalog_, .metrics = metrics}, SharedOptions(options)),
        exclusive_(loop, {.opener = opener, .catalog = catalog_, .metrics = metrics},
                   ExclusiveOptions(options)) {
    shared_.Start();
  }

  sql::Dialect dialect() const override { return sql::Dialect::kPostgres; }

  Task<sql::Result<sql::RunResult>> Run(sql::Call call) override {
    return RunOne<sql::RunResult>(std::move(call), nullptr);
  }

  Task<sql::Result<sql::Summary>> RunInto(sql::Call call, std::shared_ptr<sql::RowSink> sink) override {
    return RunOne<sql::Summary>(std::move(call), std::move(sink));
  }

  Task<sql::Result<std::vector<sql::RunResult>>> RunAll(std::vector<sql::Call> calls) override {
    std::vector<sql::RunResult> results;
    if (calls.empty()) co_return results;
    bool is_slow = false;
    for (const sql::Call& call : calls) {
      TM_CO_TRY(Checked(call));
      is_slow = is_slow || slowness_.IsSlow(call.statement);
    }
    Ask ask{.deadline = calls.front().limits.deadline};
    AddSettings(calls.front(), ask);
    const auto settings = static_cast<std::ptrdiff_t>(ask.calls.size());
    ask.calls.insert(ask.calls.end(), std::make_move_iterator(calls.begin()),
                     std::make_move_iterator(calls.end()));
    std::int64_t run_us = 0;
    auto done = co_await Execute(ask, is_slow, run_us);
    // Which of them it was is not known.
    for (auto call = ask.calls.begin() + settings; call != ask.calls.end(); ++call) {
      slowness_.Note(call->statement, run_us / (ask.calls.end() - ask.calls.begin() - settings));
    }
    if (!done) co_return std::unexpected(std::move(done).error());
    for (auto each = done->begin() + settings; each != done->end(); ++each) {
      results.push_back({.rows = std::move(each->rows), .rows_affected = each->rows_affected});
    }
    co_return results;
  }

  Task<sql::Result<std::unique_ptr<sql::RowStream>>> Stream(sql::Call call) override {
    TM_CO_TRY(Checked(call));
    TM_CO_TRY_ASSIGN(Lease lease, co_await Borrow(call.limits.deadline));
    auto stream = co_await OpenRowStream(std::move(lease), std::move(call));
    if (!stream) metrics_.failures(stream.error().kind).Add();
    co_return stream;
  }

  Task<sql::Result<std::unique_ptr<sql::Transaction>>> Begin(sql::TransactionOptions options) override {
    TM_CO_TRY_ASSIGN(Lease lease, co_await Borrow(options.deadline));
    co_return MakeTransaction(std::move(lease), options);
  }

  Task<sql::Result<sql::Description>> Describe(sql::Statement statement) override {
    TM_CO_TRY(Checked({.statement = statement}));
    auto described = co_await shared_.Describe(statement);
    if (!described) {
      metrics_.failures(described.error().kind).Add();
      co_return std::unexpected(std::move(described).error());
    }
    sql::Description description;
    description.columns = *described->columns;
    for (const std::uint32_t oid : described->parameters) {
      description.parameters.push_back(catalog_.Find(oid));
    }
    const bool reads = !description.columns.empty() && LooksReadOnly(statement.text());
    description.access = reads ? sql::Access::kRead : sql::Access::kWrite;
    co_return description;
  }

  Task<sql::Result<std::unique_ptr<CopyIn>>> BeginCopyIn(sql::Statement copy) override {
    TM_CO_TRY_ASSIGN(Lease lease, co_await Borrow(std::nullopt));
    co_return co_await OpenCopyIn(std::move(lease), std::move(copy));
  }
  Task<sql::Result<std::unique_ptr<CopyOut>>> BeginCopyOut(sql::Statement copy) override {
    TM_CO_TRY_ASSIGN(Lease lease, co_await Borrow(std::nullopt));
    co_return co_await OpenCopyOut(std::move(lease), std::move(copy));
  }

  std::optional<MonotonicTime> down_since() const override { return shared_.down_since(); }

 private:
  sql::Result<void> Checked(const sql::Call& call) {
    auto checked = check_.Check(call, limits_);
    if (checked && call.limits.deadline && *call.limits.deadline <= loop_.clock().Now()) {
      checked = sql::Fail(sql::FailureKind::kTimeout, "its deadline has passed");
    }
    if (!checked) metrics_.failures(checked.error().kind).Add();
    return checked;
  }

  Task<sql::Result<Lease>> Borrow(std::optional<MonotonicTime> deadline) {
    if (shared_.down_since()) {
      metrics_.failures(sql::FailureKind::kUnavailable).Add();
      co_return sql::Fail(sql::FailureKind::kUnavailable,
                          "not connected to PostgreSQL: " + shared_.last_failure());
    }
    auto lease = co_await exclusive_.Acquire(deadline);
    if (!lease) metrics_.failures(lease.error().kind).Add();
    co_return lease;
  }

  // `run_us` gets how long it ran.
  Task<sql::Result<Answers>> Execute(const Ask& ask, bool is_slow, std::int64_t& run_us) {
    Lease lease;
    SharedLane::Place place;
    if (is_slow) {
      TM_CO_TRY_ASSIGN(lease, co_await Borrow(ask.deadline));
    } else {
      TM_CO_TRY_ASSIGN(place, co_await shared_.Enter(ask.deadline));
    }
    Session& session = is_slow ? *lease : place.session();
    auto answers = co_await session.Execute(ask);
    run_us = session.last_run_us();
    co_return answers;
  }

  template <class T>
  Task<sql::Result<T>> RunOne(sql::Call call, std::shared_ptr<sql::RowSink> sink) {
    TM_CO_TRY(Checked(call));
    Ask ask{.sink = std::move(sink), .deadline = call.limits.deadline};
    AddSettings(call, ask);
    ask.calls.push_back(std::move(call));
    const sql::Statement& statement = ask.calls.back().statement;
    const bool is_slow = slowness_.IsSlow(statement);
    std::int64_t run_us = 0;
    sql::Result<Answers> answers;
    // Nearly always there is a place, and nothing to wait for.
    if (const SharedLane::Place place = is_slow ? SharedLane::Place() : shared_.TryEnter()) {
      Session& session = place.session();  // the place has none any more when this ends the connection
      answers = co_await session.Execute(ask);
      run_us = session.last_run_us();
    } else {
      answers = co_await Execute(ask, is_slow, run_us);
    }
    slowness_.Note(statement, run_us);
    if (!answers) co_return std::unexpected(std::move(answers).error());
    co_return Give<T>(answers->back());
  }

  static void AddSettings(const sql::Call& call, Ask& ask) {
    if (call.settings) ask.calls.push_back(SettingsCall(*call.settings, call.access));
  }

  template <class T>
  static T Give(Done& done) {
    if constexpr (std::is_same_v<T, sql::Summary>) {
      return {.rows = done.row_count, .rows_affected = done.rows_affected};
    } else {
      return {.rows = std::move(done.rows), .rows_affected = done.rows_affected};
    }
  }

  net::Loop& loop_;
  const LimitSettings limits_;
  Metrics& metrics_;
  TypeCatalog catalog_;
  StatementCheck check_;
  Slowness slowness_;
  SharedLane shared_;
  ExclusiveLane exclusive_;
};

}  // namespace

DatabaseOptions OptionsOf(const PostgresSettings& settings) {
  return {.io_timeout = settings.io_timeout,
          .statement_timeout = settings.statement_timeout,
          .lock_timeout = settings.lock_timeout,
          .transaction_idle_max = settings.transaction_idle_max,
          .pool = settings.pool,
          .limits = settings.limits};
}

std::unique_ptr<Database> MakeDatabase(net::Loop& loop, const SessionOpener& opener, DatabaseOptions options,
                                       Metrics& metrics) {
  return std::make_unique<PostgresDatabase>(loop, opener, options, metrics);
}

}  // namespace tidemill::postgres
