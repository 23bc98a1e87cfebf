#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "net/sleep.h"
#include "net/task_scope.h"
#include "postgres/testing/on_loop.h"
#include "postgres/testing/postgres_server.h"

namespace tidemill::postgres {
namespace {

using sql::Effect;
using sql::FailureKind;
using testing::DriveUntil;
using testing::OnLoop;

// What came of many calls.
struct Tally {
  int right = 0;
  int wrong = 0;  // an answer to another question
  int lost = 0;   // kUnavailable
  int late = 0;
  int other = 0;
  std::string sample;

  int sum() const { return right + wrong + lost + late + other; }
};

struct Kinds {
  const sql::Statement echo{"select $1::text, $2::int8"};
  const sql::Statement fails{"select $1::text, 1 / $2::int8"};
  const sql::Statement sleeps{"select $1::text, $2::int8, pg_sleep(0.05)"};
  const sql::Statement many{"select $1::text, n from generate_series(1, $2::int8) n"};
};

bool IsFor(const sql::Rows& rows, const std::string& tag) {
  if (rows.empty()) return false;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i][0].text != tag) return false;
  }
  return true;
}

// One call with a tag of its own. `kind`: 0 to 9.
Task<void> AskOne(OnLoop& db, const Kinds& kinds, int number, int kind, Tally& tally) {
  const std::string tag = "tag-" + std::to_string(number);
  sql::Call call{.statement = kinds.echo, .parameters = {tag, std::int64_t{number}}};
  call.access = number % 2 == 0 ? sql::Access::kRead : sql::Access::kWrite;
  std::size_t rows = 1;
  if (kind == 1) call = {.statement = kinds.fails, .parameters = {tag, std::int64_t{0}}};
  if (kind == 2) {
    call = {.statement = kinds.sleeps, .parameters = {tag, std::int64_t{0}}, .access = sql::Access::kRead};
    call.limits.deadline = SystemClock().Now() + Milliseconds(20);
  }
  if (kind == 3) {
    rows = static_cast<std::size_t>(1 + number % 50);
    call = {.statement = kinds.many, .parameters = {tag, static_cast<std::int64_t>(rows)}};
  }
  if (kind == 4) {
    call = {.statement = sql::Statement("select '" + tag + "', missing", {.reuse = sql::Reuse::kOnce})};
  }
  const auto result = co_await db.database->Run(std::move(call));
  if (result) {
    const bool right = kind != 1 && kind != 4 && result->rows.size() == rows && IsFor(result->rows, tag);
    ++(right ? tally.right : tally.wrong);
    co_return;
  }
  const sql::Failure& failure = result.error();
  const bool due = (kind == 1 && failure.code == "22012") || (kind == 4 && failure.code == "42703");
  const bool late = kind == 2 && failure.kind == FailureKind::kTimeout;
  if (due) {
    ++tally.right;
  } else if (late) {
    ++tally.late;
  } else if (failure.kind == FailureKind::kUnavailable) {
    ++tally.lost;
    tally.sample = failure.message;
  } else {
    ++tally.other;
    tally.sample = failure.message;
  }
}

DatabaseOptions LoadOptions() {
  DatabaseOptions options = testing::PatientOptions();
  options.pool.waiting_max = 20'000;
  return options;
}

Tally AskMany(OnLoop& db, int calls, const std::function<void(int)>& meanwhile) {
  const Kinds kinds;
  Tally tally;
  std::mt19937 random(3);
  TaskScope scope;
  std::vector<std::unique_ptr<TaskScope>> given_up;
  for (int n = 0; n < calls; ++n) {
    // Few that are late: each holds up those behind it.
    const int kind = n % 500 == 7 ? 2 : std::array{0, 0, 0, 1, 3, 4}[random() % 6];
    if (n % 100 == 5) {  // destroyed while it waits
      given_up.push_back(std::make_unique<TaskScope>());
      given_up.back()->Spawn([](OnLoop& on, sql::Call call) -> Task<void> {
        (void)co_await on.database->Run(std::move(call));
      }(db, {.statement = kinds.sleeps,
             .parameters = {"nobody", std::int64_t{0}},
             .access = sql::Access::kRead}));
      ++tally.right;
      continue;
    }
    scope.Spawn(AskOne(db, kinds, n, kind, tally));
    if (n % 997 == 0) given_up.clear();
    if (n % 50 == 0) db.loop->RunOnce({});
    meanwhile(n);
  }
  given_up.clear();
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return scope.running() == 0; }));
  EXPECT_EQ(tally.sum(), calls);
  return tally;
}

TEST(Load, TenThousandInFlightGetTheirOwnAnswers) {
  OnLoop db(testing::SharedServer().url(), LoadOptions());
  const Tally tally = AskMany(db, 10'000, [](int) {});
  EXPECT_EQ(tally.wrong, 0);
  EXPECT_EQ(tally.lost, 0) << tally.sample;
  EXPECT_EQ(tally.other, 0) << tally.sample;
  EXPECT_GT(tally.right, 9'900);
  EXPECT_EQ(db.metrics.breaches.value(), 0u);
  EXPECT_EQ(db.metrics.disconnects.value(), 0u);
}

TEST(Load, WithConnectionsThatBreakNoAnswerGoesToAnother) {
  OnLoop db(testing::SharedServer().url(), LoadOptions());
  const Tally tally = AskMany(db, 10'000, [&](int n) {
    if (n % 2500 != 2499) return;
    testing::SharedServer().Run(
        "select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' "
        "and pid <> pg_backend_pid() order by random() limit 1");
    EXPECT_TRUE(DriveUntil(*db.loop, [&] { return !db.database->down_since(); }));
  });
  EXPECT_EQ(tally.wrong, 0);
  EXPECT_EQ(tally.other, 0) << tally.sample;
  EXPECT_GT(tally.right, 500);  // while all are away, what is asked fails at once
  EXPECT_GE(db.metrics.disconnects.value(), 1u);
  EXPECT_EQ(db.metrics.breaches.value(), 0u);
}

TEST(Load, TheCheckerFindsAMissingSync) {
  DatabaseOptions options = LoadOptions();
  options.io_timeout = options.statement_timeout = Seconds(5);  // what is never answered
  options.plant_bug_for_test = "missing_sync";
  OnLoop db(testing::SharedServer().url(), options);
  const Tally tally = AskMany(db, 3'000, [](int) {});
  EXPECT_GT(tally.lost + tally.wrong, 0);
  EXPECT_GT(db.metrics.breaches.value(), 0u);
}

// Reads and writes without a stop until told; counts what succeeded.
struct Worker {
  std::int64_t ok = 0;
  std::int64_t failed = 0;
  bool stop = false;
};
Task<void> Work(OnLoop& db, Worker& worker) {
  const sql::Statement statement("select 1");
  while (!worker.stop) {
    auto result = co_await db.database->Run({.statement = statement, .access = sql::Access::kRead});
    ++(result ? worker.ok : worker.failed);
    if (!result) co_await net::Sleep(*db.loop, Milliseconds(10));
  }
}

bool Serves(OnLoop& db, Worker& worker) {
  const std::int64_t before = worker.ok;
  return DriveUntil(*db.loop, [&] { return worker.ok > before + 100; });
}

TEST(Load, AServerThatIsKilledStoppedOrRestartedIsBackByItself) {
  testing::PostgresServer server;
  DatabaseOptions options;
  options.io_timeout = Seconds(1);
  options.statement_timeout = Seconds(1);
  options.probe_interval = Seconds(1);
  OnLoop db(server.url(), options);
  Worker worker;
  TaskScope scope;
  for (int i = 0; i < 20; ++i) scope.Spawn(Work(db, worker));
  ASSERT_TRUE(Serves(db, worker));

  server.Kill();
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return db.database->down_since().has_value(); }));
  const auto down = db.Run("select 1");
  EXPECT_EQ(down.error().kind, FailureKind::kUnavailable) << "at once";
  server.Restart();
  EXPECT_TRUE(Serves(db, worker));

  server.Stop();
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return db.database->down_since().has_value(); }))
      << "silence is noticed";
  server.Continue();
  EXPECT_TRUE(Serves(db, worker));

  server.Shutdown();
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return db.database->down_since().has_value(); }));
  server.Restart();
  EXPECT_TRUE(Serves(db, worker));
  worker.stop = true;
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return scope.running() == 0; }));
}

TEST(Load, AStatementThatMayTakeLongIsNoDeadServer) {
  DatabaseOptions options;
  options.io_timeout = options.statement_timeout = Milliseconds(500);
  OnLoop db(testing::SharedServer().url(), options);
  const auto settings = std::make_shared<const sql::LocalSettings>(
      sql::LocalSettings{{"statement_timeout", std::to_string(tidemill::testing::kPatience.ms)}});
  const auto slept = db.Run({.statement = sql::Statement("select pg_sleep(2)"),
                             .access = sql::Access::kRead,
                             .limits = {.deadline = db.loop->clock().Now() + tidemill::testing::kPatience},
                             .settings = settings});
  EXPECT_TRUE(slept) << slept.error().message;
}

TEST(Load, AWriteWhoseAnswerWasLostIsUnknown) {
  testing::PostgresServer server;
  OnLoop db(server.url());
  std::optional<sql::Result<sql::RunResult>> write;
  std::optional<sql::Result<sql::RunResult>> read;
  TaskScope scope;
  const auto ask = [](OnLoop& on, sql::Access access,
                      std::optional<sql::Result<sql::RunResult>>& result) -> Task<void> {
    const bool writes = access == sql::Access::kWrite;
    const sql::Statement statement(writes ? "select 'write', pg_sleep(600)" : "select 'read', pg_sleep(600)");
    result = co_await on.database->Run({.statement = statement, .access = access});
  };
  scope.Spawn(ask(db, sql::Access::kWrite, write));
  scope.Spawn(ask(db, sql::Access::kRead, read));
  const char* const running =
      "select count(*) from pg_stat_activity where state = 'active' and query like 'select ''write''%'";
  ASSERT_TRUE(DriveUntil(*db.loop, [&] { return server.Run(running) == "1"; }));
  server.Kill();
  ASSERT_TRUE(DriveUntil(*db.loop, [&] { return write && read; }));
  EXPECT_EQ(write->error().kind, FailureKind::kUnavailable);
  EXPECT_EQ(write->error().effect, Effect::kUnknown);
  EXPECT_EQ(read->error().kind, FailureKind::kUnavailable);
  EXPECT_EQ(read->error().effect, Effect::kNone);
}

Task<void> HoldBriefly(OnLoop& db, int& done, int& refused) {
  auto transaction = co_await db.database->Begin({});
  if (!transaction) {
    ++refused;
    co_return;
  }
  if (co_await (*transaction)->Run({.statement = sql::Statement("select 1", {.reuse = sql::Reuse::kOnce})})) {
    if (co_await (*transaction)->Commit()) ++done;
  }
}

TEST(Load, TenThousandWaitForFourConnections) {
  DatabaseOptions options = testing::PatientOptions();
  options.pool.exclusive_connections = 4;
  options.pool.waiting_max = 10'000;
  options.pool.wait_max = Minutes(10);
  OnLoop db(testing::SharedServer().url(), options);
  int done = 0;
  int refused = 0;
  TaskScope scope;
  for (int i = 0; i < 10'050; ++i) scope.Spawn(HoldBriefly(db, done, refused));
  EXPECT_EQ(refused, 50) << "one more than may wait is refused at once";
  EXPECT_EQ(db.metrics.waiting.value(), 10'000);
  ASSERT_TRUE(DriveUntil(*db.loop, [&] { return scope.running() == 0; }, Minutes(10)));
  EXPECT_EQ(done, 10'000);
  EXPECT_EQ(db.metrics.in_use.value(), 0);
  EXPECT_EQ(db.metrics.waiting.value(), 0);
  EXPECT_LE(db.metrics.connects.value(), 6u);
}

TEST(Load, OldConnectionsAreMadeAnewAndNobodyNotices) {
  for (const std::uint32_t connections : {1u, 3u}) {
    DatabaseOptions options = testing::PatientOptions();
    options.pool.shared_connections = connections;
    options.pool.lifetime_max = Seconds(1);
    OnLoop db(testing::SharedServer().url(), options);
    Worker worker;
    TaskScope scope;
    for (int i = 0; i < 10; ++i) scope.Spawn(Work(db, worker));
    EXPECT_TRUE(DriveUntil(
        *db.loop, [&] { return db.metrics.connects.value() >= connections + 3 && worker.ok > 100; }));
    worker.stop = true;
    EXPECT_TRUE(DriveUntil(*db.loop, [&] { return scope.running() == 0; }));
    EXPECT_EQ(worker.failed, 0);
  }
}

// A transaction that has run something, where its limits in time may pass before that on a busy machine.
std::unique_ptr<sql::Transaction> BeginWith(OnLoop& db, const sql::Call& call) {
  std::unique_ptr<sql::Transaction> begun;
  const bool has_run = DriveUntil(*db.loop, [&] {
    begun.reset();
    auto transaction = db.Wait(db.database->Begin({}));
    if (!transaction) return false;
    begun = *std::move(transaction);
    return db.Wait(begun->Run(call)).has_value();
  });
  EXPECT_TRUE(has_run);
  return begun;
}

TEST(Load, ATransactionThatStandsStillIsEndedByTheServer) {
  DatabaseOptions options = testing::PatientOptions();
  options.transaction_idle_max = Milliseconds(200);
  OnLoop db(testing::SharedServer().url(), options);
  const sql::Call call{.statement = sql::Statement("select 1")};
  auto transaction = BeginWith(db, call);
  ASSERT_TRUE(transaction);
  const auto before = db.metrics.disconnects.value();
  ASSERT_TRUE(DriveUntil(*db.loop, [&] { return db.metrics.disconnects.value() == before + 1; }));
  const auto after = db.Wait(transaction->Run(call));
  ASSERT_FALSE(after);
  EXPECT_NE(after.error().message.find("25P03"), std::string::npos) << after.error().message;
  EXPECT_EQ(after.error().effect, Effect::kNone);
  transaction.reset();
  EXPECT_TRUE(db.Wait(db.database->Begin({})));
}

TEST(Load, WhoWaitsTooLongIsTold) {
  DatabaseOptions options = testing::PatientOptions();
  options.pool.exclusive_connections = 1;
  options.pool.wait_max = Seconds(1);
  OnLoop db(testing::SharedServer().url(), options);
  const sql::Call call{.statement = sql::Statement("select 1")};
  auto holder = BeginWith(db, call);
  ASSERT_TRUE(holder);
  const auto late = db.Wait(db.database->Begin({}));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, FailureKind::kBusy);
  EXPECT_EQ(late.error().message, "waited too long for a connection to PostgreSQL");
  holder.reset();
  EXPECT_TRUE(BeginWith(db, call));
}

}  // namespace
}  // namespace tidemill::postgres
