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
#include "postgres/lanes/trials.h"
#include "postgres/lanes/turnstile.h"
#include "postgres/statements/check.h"
#include "postgres/statements/keywords.h"
#include "postgres/statements/settings_call.h"
#include "postgres/statements/slowness.h"

namespace tidemill::postgres {
namespace {

constexpr std::string_view kMissingSync = "missing_sync";
// So often a read is asked again, when its connection stands still.
constexpr int kMovesMax = 3;

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

// Where what may have been slow by chance shows what it is.
LaneOptions DoubtfulOptions(const DatabaseOptions& options) {
  LaneOptions lane = MakeLaneOptions(options);
  lane.connections = 1;
  return lane;
}

LaneOptions ExclusiveOptions(const DatabaseOptions& options) {
  LaneOptions lane = MakeLaneOptions(options);
  lane.connections = options.pool.exclusive_connections;
  return lane;
}

// As many wait for a first answer as could be on the shared connections and wait for them.
WaitLimits TrialLimits(const DatabaseOptions& options) {
  const std::size_t places = std::size_t{options.pool.shared_connections} * options.pool.in_flight_max;
  return {.waiting_max = places + WaitLimits{.waiting_max = options.pool.waiting_max}.same_max(),
          .wait_max = options.pool.wait_max,
          .awaited = "the first answer to this statement"};
}

class PostgresDatabase final : public Database {
 public:
  PostgresDatabase(net::Loop& loop, const SessionOpener& opener, const DatabaseOptions& options,
                   Metrics& metrics)
      : loop_(loop),
        limits_(options.limits),
        metrics_(metrics),
        catalog_(options.types_good_for),
        streams_(loop, std::max<std::size_t>(1, options.pool.exclusive_connections / 2),
                 {.waiting_max = options.pool.waiting_max,
                  .wait_max = options.pool.wait_max,
                  .awaited = "a connection to PostgreSQL for a stream"},
                 metrics),
        trials_(loop, slowness_, TrialLimits(options), metrics),
        shared_(loop, {.opener = opener, .catalog = catalog_, .metrics = metrics, .slowness = &slowness_},
                SharedOptions(options)),
        doubtful_(loop, {.opener = opener, .catalog = catalog_, .metrics = metrics},
                  DoubtfulOptions(options)),
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
    for (const sql::Call& call : calls) TM_CO_TRY(Checked(call));
    Ask ask{.deadline = calls.front().limits.deadline, .wait_max = calls.front().limits.wait_max};
    AddSettings(calls.front(), ask);
    const auto settings = static_cast<std::ptrdiff_t>(ask.settings_calls);
    ask.calls.insert(ask.calls.end(), std::make_move_iterator(calls.begin()),
                     std::make_move_iterator(calls.end()));
    auto done = co_await Execute(ask);
    if (!done) co_return std::unexpected(std::move(done).error());
    for (auto each = done->begin() + settings; each != done->end(); ++each) {
      results.push_back({.rows = std::move(each->rows), .rows_affected = each->rows_affected});
    }
    co_return results;
  }

  Task<sql::Result<std::unique_ptr<sql::RowStream>>> Stream(sql::Call call) override {
    TM_CO_TRY(Checked(call));
    const Patience patience{.deadline = call.limits.deadline,
                            .wait_max = call.limits.wait_max,
                            .statement = call.statement.identity()};
    auto pass = co_await streams_.Enter(patience);
    if (!pass) {
      metrics_.failures(pass.error().kind).Add();
      co_return std::unexpected(std::move(pass).error());
    }
    TM_CO_TRY_ASSIGN(Lease lease, co_await Borrow(patience));
    auto stream = co_await OpenRowStream(*std::move(pass), std::move(lease), std::move(call));
    if (!stream) metrics_.failures(stream.error().kind).Add();
    co_return stream;
  }

  Task<sql::Result<std::unique_ptr<sql::Transaction>>> Begin(sql::TransactionOptions options) override {
    TM_CO_TRY_ASSIGN(Lease lease,
                     co_await Borrow({.deadline = options.deadline, .wait_max = options.wait_max}));
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
    TM_CO_TRY_ASSIGN(Lease lease, co_await Borrow({.statement = copy.identity()}));
    co_return co_await OpenCopyIn(std::move(lease), std::move(copy));
  }
  Task<sql::Result<std::unique_ptr<CopyOut>>> BeginCopyOut(sql::Statement copy) override {
    TM_CO_TRY_ASSIGN(Lease lease, co_await Borrow({.statement = copy.identity()}));
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

  Task<sql::Result<Lease>> Borrow(Patience patience) { return BorrowFrom(exclusive_, patience); }
  Task<sql::Result<Lease>> BorrowFrom(ExclusiveLane& lane, Patience patience) {
    if (shared_.down_since()) {
      metrics_.failures(sql::FailureKind::kUnavailable).Add();
      co_return sql::Fail(sql::FailureKind::kUnavailable,
                          "not connected to PostgreSQL: " + shared_.last_failure());
    }
    auto lease = co_await lane.Acquire(patience);
    if (!lease) metrics_.failures(lease.error().kind).Add();
    co_return lease;
  }

  void NoteRun(const Ask& ask, const Session& session, const sql::Result<Answers>& answers) {
    if (session.last_run_us() < 0 || session.last_stalled()) return;
    // What was cancelled early (57014, query_canceled) would have taken longer.
    const bool is_cancelled = !answers && answers.error().code == "57014";
    if (is_cancelled && session.last_run_us() < Slowness::kSlowUs) return;
    slowness_.Note(ask.own_calls(), session.last_run_us());
  }

  // Null: all have been answered before.
  const sql::Statement* FirstUntried(const Ask& ask) const {
    const Slowness::Company company = Slowness::CompanyOf(ask.own_calls());
    for (const sql::Call& call : ask.own_calls()) {
      const Slowness::Speed speed = slowness_.SpeedOf(call.statement, company);
      if (speed == Slowness::Speed::kUntried) return &call.statement;
    }
    return nullptr;
  }

  enum class Lane : std::uint8_t { kShared, kDoubtful, kExclusive };

  // `moves`: a statement that is not kept, and was on a connection that stood still, may be why.
  Lane LaneOf(const Ask& ask, int moves) const {
    Lane lane = Lane::kShared;
    const Slowness::Company company = Slowness::CompanyOf(ask.own_calls());
    for (const sql::Call& call : ask.own_calls()) {
      const Slowness::Speed speed = slowness_.SpeedOf(call.statement, company);
      const bool is_suspect = moves > 0 && call.statement.reuse() == sql::Reuse::kOnce;
      if (speed == Slowness::Speed::kSlow || is_suspect) return Lane::kExclusive;
      if (speed == Slowness::Speed::kDoubtful) lane = Lane::kDoubtful;
    }
    return lane == Lane::kShared && shared_.StandsStill() ? Lane::kExclusive : lane;
  }

  Task<sql::Result<Answers>> Execute(const Ask& ask) {
    for (int moves = 0;;) {
      Trials::Trial trial;
      if (const sql::Statement* const untried = FirstUntried(ask)) {
        const Slowness::Company company = Slowness::CompanyOf(ask.own_calls());
        if (trials_.IsOn(*untried, company)) {
          TM_CO_TRY(co_await trials_.Wait(*untried, company, ask.deadline));
          continue;
        }
        trial = trials_.Begin(*untried, company);
      }
      bool may_move = false;
      auto answers = co_await ExecuteOnce(ask, moves, may_move);
      if (!may_move || moves++ == kMovesMax) co_return answers;
    }
  }

  Task<sql::Result<Answers>> ExecuteOnce(const Ask& ask, int moves, bool& may_move) {
    const Patience patience{.deadline = ask.deadline,
                            .wait_max = ask.wait_max,
                            .statement = ask.own_calls().front().statement.identity()};
    Lease lease;
    SharedLane::Place place;
    // It may have become slower while it waited; faster is no reason to wait once more.
    for (auto lane = LaneOf(ask, moves), found = Lane::kShared;; lane = found) {
      lease = {};
      place = {};
      if (lane == Lane::kShared) {
        TM_CO_TRY_ASSIGN(place, co_await shared_.Enter(patience));
      } else {
        ExclusiveLane& from = lane == Lane::kDoubtful ? doubtful_ : exclusive_;
        TM_CO_TRY_ASSIGN(lease, co_await BorrowFrom(from, patience));
      }
      found = LaneOf(ask, moves);
      if (found <= lane) break;
    }
    Session& session = lease ? *lease : place.session();
    auto answers = co_await session.Execute(ask);
    NoteRun(ask, session, answers);
    may_move = session.last_may_move();
    co_return answers;
  }

  template <class T>
  Task<sql::Result<T>> RunOne(sql::Call call, std::shared_ptr<sql::RowSink> sink) {
    TM_CO_TRY(Checked(call));
    Ask ask{.sink = std::move(sink), .deadline = call.limits.deadline, .wait_max = call.limits.wait_max};
    AddSettings(call, ask);
    ask.calls.push_back(std::move(call));
    sql::Result<Answers> answers;
    bool may_move = true;
    const bool is_fast = slowness_.SpeedOf(ask.calls.back().statement) == Slowness::Speed::kFast;
    // Nearly always there is a place, and nothing to wait for.
    if (const SharedLane::Place place = is_fast ? shared_.TryEnter() : SharedLane::Place()) {
      Session& session = place.session();  // the place has none any more when this ends the connection
      answers = co_await session.Execute(ask);
      NoteRun(ask, session, answers);
      may_move = session.last_may_move();
    }
    if (may_move) answers = co_await Execute(ask);
    if (!answers) co_return std::unexpected(std::move(answers).error());
    co_return Give<T>(answers->back());
  }

  static void AddSettings(const sql::Call& call, Ask& ask) {
    if (!call.settings) return;
    ask.calls.push_back(SettingsCall(*call.settings, call.access));
    ask.settings_calls = 1;
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
  Turnstile streams_;
  Trials trials_;
  SharedLane shared_;
  ExclusiveLane doubtful_;
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
