// The wall clock is set forward and back by days, some hundred times a second, while databases are used:
// deadlines, waiting for connections and locks, idle limits and pauses between attempts are of the monotonic
// clock, and do not care.
//
// It is the clock of our process that is set (wall_clock.h): what a PostgreSQL server does with its own is
// not tested here.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "postgres/testing/on_loop.h"
#include "postgres/testing/postgres_server.h"
#include "sqlite/testing/store_fixture.h"
#include "stores/clock/wall_clock.h"

namespace tidemill {
namespace {

using sql::FailureKind;
using testing::StepWallClock;

constexpr Duration kSteps[] = {Hours(48), Hours(-60), Hours(12)};
constexpr Duration kPatience = Seconds(20);

// Drives the loop until `done`, and steps the clock in each turn.
template <class Done>
bool DriveStepping(net::Loop& loop, Done done, Duration patience = kPatience) {
  const MonotonicTime give_up = SystemClock().Now() + patience;
  for (std::size_t turn = 0; !done(); ++turn) {
    if (SystemClock().Now() > give_up) return false;
    StepWallClock(kSteps[turn % std::size(kSteps)]);
    loop.RunOnce(Milliseconds(3));
  }
  return true;
}

void Pass(net::Loop& loop, Duration time) {
  const MonotonicTime end = SystemClock().Now() + time;
  DriveStepping(loop, [&] { return SystemClock().Now() >= end; });
}

template <class T>
std::optional<T> RunStepping(net::Loop& loop, Task<T> task) {
  std::optional<T> result;
  TaskScope scope;
  scope.Spawn(net::testing::Keep(std::move(task), result));
  DriveStepping(loop, [&] { return result.has_value(); });
  return result;
}

// Whether what takes forever is a timeout after `limit`, and what is fast is none.
void CheckDeadlines(net::Loop& loop, sql::Database& database, const std::string& endless) {
  sql::Call call{.statement = sql::Statement("select 1"), .access = sql::Access::kRead};
  for (int i = 0; i < 100; ++i) {
    call.limits.deadline = SystemClock().Now() + Seconds(15);
    const auto fast = RunStepping(loop, database.Run(call));
    ASSERT_TRUE(fast && *fast) << (fast ? fast->error().message : "no answer");
  }
  const MonotonicTime begun = SystemClock().Now();
  sql::Call late{.statement = sql::Statement(endless), .access = sql::Access::kRead};
  late.limits.deadline = begun + Milliseconds(300);
  const auto ended = RunStepping(loop, database.Run(late));
  ASSERT_TRUE(ended && !*ended);
  EXPECT_EQ(ended->error().kind, FailureKind::kTimeout) << ended->error().message;
  EXPECT_GE(SystemClock().Now() - begun, Milliseconds(299));
}

TEST(WallClock, IsSteppedForAllThatReadsIt) {
  const auto seconds = [](const std::string& text) {
    sqlite3* db = nullptr;
    sqlite3_open(":memory:", &db);
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(db, text.c_str(), -1, &statement, nullptr);
    sqlite3_step(statement);
    const std::int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
  };
  const MonotonicTime monotonic = SystemClock().Now();
  const WallTime before = SystemClock().WallNow();
  StepWallClock(Hours(24));
  EXPECT_GE(SystemClock().WallNow() - before, Hours(24));
  EXPECT_LT(SystemClock().WallNow() - before, Hours(25));
  EXPECT_LT(SystemClock().Now() - monotonic, Hours(1));
  EXPECT_GE(seconds("select strftime('%s', 'now')"), (before.ms + Hours(24).ms) / 1000);
  StepWallClock(Hours(-24));
  EXPECT_LT(SystemClock().WallNow() - before, Hours(1));
}

class PostgresClock : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kShared = 2;

  static postgres::DatabaseOptions Options() {
    postgres::DatabaseOptions options;
    options.pool = {.shared_connections = kShared, .exclusive_connections = 1, .wait_max = Milliseconds(500)};
    return options;
  }
  sql::Call Select() const { return {.statement = sql::Statement("select 1")}; }
};

TEST_F(PostgresClock, DeadlinesAreKept) {
  postgres::testing::OnLoop db(postgres::testing::SharedServer().url(), Options());
  CheckDeadlines(*db.loop, *db.database, "select pg_sleep(600)");
}

TEST_F(PostgresClock, NoConnectionGrowsOldAndWhoWaitsIsToldInTime) {
  postgres::testing::OnLoop db(postgres::testing::SharedServer().url(), Options());
  auto held = RunStepping(*db.loop, db.database->Begin({}));
  ASSERT_TRUE(held && *held);
  ASSERT_TRUE(*RunStepping(*db.loop, (**held)->Run(Select())));
  const MonotonicTime begun = SystemClock().Now();
  const auto late = RunStepping(*db.loop, db.database->Begin({}));
  ASSERT_TRUE(late && !*late);
  EXPECT_EQ(late->error().kind, FailureKind::kBusy) << late->error().message;
  EXPECT_GE(SystemClock().Now() - begun, Milliseconds(499));
  ASSERT_TRUE(*RunStepping(*db.loop, (**held)->Run(Select()))) << "it has not stood still for too long";
  ASSERT_TRUE(*RunStepping(*db.loop, (**held)->Commit()));
  (**held).reset();
  Pass(*db.loop, Milliseconds(1500));  // connections are looked at each second
  EXPECT_EQ(db.metrics.connects.value(), kShared + 1);
  EXPECT_EQ(db.metrics.disconnects.value(), 0u);
}

TEST_F(PostgresClock, AServerThatComesBackIsFoundAndIsNotAskedWithoutPause) {
  postgres::testing::PostgresServer server;
  postgres::testing::OnLoop db(server.url(), Options());
  server.Kill();
  ASSERT_TRUE(DriveStepping(*db.loop, [&] { return db.database->down_since().has_value(); }));
  Pass(*db.loop, Seconds(1));
  EXPECT_LT(db.metrics.connect_failures.value(), 100u);
  server.Restart();
  ASSERT_TRUE(DriveStepping(*db.loop, [&] { return !db.database->down_since(); }));
  EXPECT_TRUE(*RunStepping(*db.loop, db.database->Run(Select())));
}

class SqliteClock : public sqlite::testing::StoreTest {
 protected:
  sql::Call Insert(std::int64_t n) const {
    return {.statement = sql::Statement("insert into t values (?1)"), .parameters = {n}};
  }
};

TEST_F(SqliteClock, DeadlinesAreKept) {
  CheckDeadlines(loop(), database(),
                 "with recursive s(n) as (select 1 union all select n + 1 from s) select count(*) from s");
}

TEST_F(SqliteClock, ATransactionLastsAsLongAsItMay) {
  settings().transaction_idle_timeout = Milliseconds(700);
  Must("create table t (n integer)");
  auto held = RunStepping(loop(), database().Begin({}));
  ASSERT_TRUE(held && *held);
  for (std::int64_t n = 0; n < 5; ++n) {
    Pass(loop(), Milliseconds(50));
    const auto written = RunStepping(loop(), (**held)->Run(Insert(n)));
    ASSERT_TRUE(written && *written) << (written ? written->error().message : "no answer");
  }
  ASSERT_TRUE(*RunStepping(loop(), (**held)->Commit()));
  EXPECT_EQ(Count("t"), 5);

  auto idle = RunStepping(loop(), database().Begin({}));
  ASSERT_TRUE(idle && *idle);
  const MonotonicTime begun = SystemClock().Now();
  const auto next = RunStepping(loop(), database().Run(Insert(5)));  // its turn comes when that one is ended
  ASSERT_TRUE(next && *next);
  EXPECT_GE(SystemClock().Now() - begun, Milliseconds(690));
}

TEST_F(SqliteClock, ALockIsWaitedForAsLongAsItMay) {
  settings().busy_timeout = Milliseconds(300);
  Must("create table t (n integer)");
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path().c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "begin immediate", nullptr, nullptr, nullptr), SQLITE_OK);
  const MonotonicTime begun = SystemClock().Now();
  const auto locked = RunStepping(loop(), database().Run(Insert(1)));
  ASSERT_TRUE(locked && !*locked);
  EXPECT_EQ(locked->error().kind, FailureKind::kLocked);
  EXPECT_GE(SystemClock().Now() - begun, Milliseconds(299));
  sqlite3_exec(db, "commit", nullptr, nullptr, nullptr);
  sqlite3_close(db);
}

TEST_F(SqliteClock, TheLogIsCopiedWhenNothingIsWritten) {
  settings().wal_checkpoint_bytes = 64 * 1024;
  Must("create table t (b blob)");
  Must("insert into t values (randomblob(200000))");
  EXPECT_TRUE(DriveStepping(loop(), [&] { return Metric("tidemill_sqlite_checkpoints_total") >= 1; }));
}

}  // namespace
}  // namespace tidemill
