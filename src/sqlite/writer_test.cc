// The writer: many callers and one commit; nobody's failure is another's.
#include "sqlite/writer.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <thread>

#include "net/task_scope.h"
#include "sqlite/testing/store_fixture.h"

namespace tidemill::sqlite {
namespace {

using sql::FailureKind;

const sql::Statement kAdd("insert into numbers values (?1) returning n");
const sql::Statement kEndless(
    "with recursive s(x) as (select 1 union all select x + 1 from s) "
    "insert into numbers select x from s where x < 0");

using Added = std::optional<sql::Result<sql::RunResult>>;

Task<void> Add(Database& database, std::int64_t n, Added& added) {
  added = co_await database.Run({.statement = kAdd, .parameters = {n}});
}

Task<void> RunCall(Database& database, sql::Call call, Added& added) {
  added = co_await database.Run(std::move(call));
}

template <class F, class R = std::invoke_result_t<F&, Connection&>>
Task<void> WriteWith(Database& database, F function, std::optional<R>& out) {
  out = co_await database.Write(std::move(function));
}

sql::Result<std::int64_t> AddOn(Connection& connection, std::int64_t n) {
  TM_TRY_ASSIGN(Query query, connection.Prepare(kAdd));
  query.Bind(1, n);
  TM_TRY_ASSIGN(const bool row, query.Step());
  return row ? query.Integer(0) : -1;
}

class WriterTest : public testing::StoreTest {
 protected:
  WriterTest() { settings().readers = 2; }
  void Create() { Must("create table numbers (n integer primary key)"); }
  bool AwaitAll(TaskScope& scope) {
    return net::testing::DriveUntil(loop(), [&] { return scope.running() == 0; });
  }
};

TEST_F(WriterTest, AThousandCallersShareFewCommits) {
  Create();
  const double commits_before = Metric("tidemill_sqlite_commits_total");
  std::vector<Added> added(1000);
  TaskScope scope;
  for (std::size_t i = 0; i < added.size(); ++i) {
    scope.Spawn(Add(database(), static_cast<std::int64_t>(i), added[i]));
  }
  ASSERT_TRUE(AwaitAll(scope));
  for (std::size_t i = 0; i < added.size(); ++i) {
    ASSERT_TRUE(*added[i]);
    EXPECT_EQ(testing::ToLines((*added[i])->rows), Lines{std::to_string(i)});
  }
  EXPECT_EQ(Count("numbers"), 1000);
  EXPECT_LT(Metric("tidemill_sqlite_commits_total") - commits_before, 300);
  EXPECT_EQ(Metric("tidemill_sqlite_writes_waiting"), 0);
}

TEST_F(WriterTest, WhatOneLoopSendsHappensInItsOrder) {
  Must("create table log (id integer primary key autoincrement, n integer)");
  TaskScope scope;
  std::vector<Added> added(300);
  for (std::size_t i = 0; i < added.size(); ++i) {
    scope.Spawn(RunCall(database(),
                        {.statement = sql::Statement("insert into log (n) values (?1)"),
                         .parameters = {static_cast<std::int64_t>(i)}},
                        added[i]));
  }
  ASSERT_TRUE(AwaitAll(scope));
  EXPECT_EQ(Must("select count(*) from log where id != n + 1"), Lines{"0"});
}

// Each of these makes SQLite undo the transaction that all share.
TEST_F(WriterTest, WhoUndoesTheTransactionUndoesOnlyItsOwn) {
  struct Case {
    const char* name;
    const char* text;
    FailureKind kind;
  };
  const Case cases[] = {
      {"or rollback", "insert or rollback into numbers values (0)", FailureKind::kUniqueViolation},
      {"a deadline", kEndless.text().c_str(), FailureKind::kTimeout},
  };
  Create();
  Must("insert into numbers values (0)");
  std::int64_t n = 0;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::vector<Added> added(60);
    std::vector<Added> undoing(4);
    TaskScope scope;
    for (std::size_t i = 0; i < added.size(); ++i) {
      scope.Spawn(Add(database(), ++n, added[i]));
      if (i % 15 != 7) continue;
      sql::Call call{.statement = sql::Statement(c.text)};
      if (c.kind == FailureKind::kTimeout) call.limits.deadline = SystemClock().Now() + Milliseconds(100);
      scope.Spawn(RunCall(database(), std::move(call), undoing[i / 15]));
    }
    ASSERT_TRUE(AwaitAll(scope));
    for (const Added& one : added) EXPECT_TRUE(*one) << one->error().message;
    for (const Added& one : undoing) {
      ASSERT_FALSE(*one);
      EXPECT_EQ(one->error().kind, c.kind) << one->error().message;
      EXPECT_EQ(one->error().effect, sql::Effect::kNone);
    }
    EXPECT_EQ(Count("numbers"), n + 1);
  }
  EXPECT_GT(Metric("tidemill_sqlite_writes_redone_total"), 0);
}

TEST_F(WriterTest, AnUncheckedForeignKeyFailsItsOwnWrite) {
  Must("create table parents (id integer primary key)");
  Must(
      "create table children (id integer primary key, parent integer references parents (id) "
      "deferrable initially deferred)");
  std::vector<Added> added(20);
  TaskScope scope;
  for (std::size_t i = 0; i < added.size(); ++i) {
    const sql::Parameter parent = i == 5 ? sql::Parameter(std::int64_t{99}) : sql::Parameter(sql::Null{});
    scope.Spawn(RunCall(
        database(),
        {.statement = sql::Statement("insert into children (parent) values (?1)"), .parameters = {parent}},
        added[i]));
  }
  ASSERT_TRUE(AwaitAll(scope));
  for (std::size_t i = 0; i < added.size(); ++i) EXPECT_EQ(added[i]->has_value(), i != 5) << i;
  EXPECT_EQ(added[5]->error().kind, FailureKind::kForeignKeyViolation);
  EXPECT_EQ(added[5]->error().code, "SQLITE_CONSTRAINT_FOREIGNKEY");
  EXPECT_EQ(Count("children"), 19);
}

TEST_F(WriterTest, AFunctionIsAllOrNothing) {
  Create();
  const auto good = Await(database().Write([](Connection& connection) -> sql::Result<std::int64_t> {
    TM_TRY(AddOn(connection, 1));
    return AddOn(connection, 2);
  }));
  EXPECT_EQ(good, 2);
  const auto bad = Await(database().Write([](Connection& connection) -> sql::Result<std::int64_t> {
    TM_TRY(AddOn(connection, 3));
    return AddOn(connection, 1);
  }));
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind, FailureKind::kUniqueViolation);
  const auto own = Await(database().Write([](Connection& connection) -> sql::Result<void> {
    TM_TRY(AddOn(connection, 4));
    return sql::Fail(FailureKind::kRaised, "changed its mind");
  }));
  ASSERT_FALSE(own);
  EXPECT_EQ(own.error().message, "changed its mind");
  EXPECT_EQ(Must("select n from numbers"), (Lines{"1", "2"}));
  const auto read = Await(database().Read(
      [](Connection& connection) -> sql::Result<std::int64_t> {
        TM_TRY_ASSIGN(Query query, connection.Prepare(sql::Statement("select max(n) from numbers")));
        TM_TRY(query.Step());
        return query.Integer(0);
      },
      sql::Statement("the last number")));
  EXPECT_EQ(read, 2);
}

TEST_F(WriterTest, WhatFindsNoRoomIsRefusedByName) {
  settings().waiting_max = 100;
  Create();
  auto held = Await(database().Begin({}));
  ASSERT_TRUE(held);
  std::vector<Added> added(150);
  TaskScope scope;
  for (std::size_t i = 0; i < added.size(); ++i) {
    scope.Spawn(Add(database(), static_cast<std::int64_t>(i), added[i]));
  }
  ASSERT_TRUE(net::testing::DriveUntil(loop(), [&] { return scope.running() == 100; }));
  EXPECT_EQ(bench().store->writes_waiting(), 100u);
  EXPECT_EQ(added.back()->error().kind, FailureKind::kBusy);
  EXPECT_NE(added.back()->error().message.find("storage.sqlite.waiting_max"), std::string::npos);
  EXPECT_EQ(Metric("tidemill_sqlite_refused_total"), 50);
  held->reset();
  ASSERT_TRUE(AwaitAll(scope));
  EXPECT_EQ(Count("numbers"), 100);
}

TEST_F(WriterTest, TenThousandMayWaitByDefault) {
  Create();
  auto held = Await(database().Begin({}));
  ASSERT_TRUE(held);
  std::vector<Added> added(10'001);
  TaskScope scope;
  for (std::size_t i = 0; i < added.size(); ++i) {
    scope.Spawn(Add(database(), static_cast<std::int64_t>(i), added[i]));
  }
  EXPECT_EQ(added.back()->error().kind, FailureKind::kBusy);
  ASSERT_TRUE(Await((*held)->Commit()));
  ASSERT_TRUE(AwaitAll(scope));
  EXPECT_EQ(Count("numbers"), 10'000);
}

TEST_F(WriterTest, ADeadlinePassesInTheQueueWithoutItsTurn) {
  Create();
  auto held = Await(database().Begin({}));
  ASSERT_TRUE(held);
  const MonotonicTime begun = SystemClock().Now();
  const auto late = Await(database().Run({.statement = kAdd,
                                          .parameters = {std::int64_t{1}},
                                          .limits = {.deadline = begun + Milliseconds(60)}}));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, FailureKind::kTimeout);
  EXPECT_EQ(late.error().effect, sql::Effect::kNone);
  EXPECT_GE(SystemClock().Now() - begun, Milliseconds(60));
  held->reset();
  Must("insert into numbers values (2)");
  EXPECT_EQ(Must("select n from numbers"), Lines{"2"});
}

TEST_F(WriterTest, ATransactionThatDoesNothingIsRolledBackByName) {
  settings().transaction_idle_timeout = Milliseconds(50);
  Create();
  auto idle = Await(database().Begin({}));
  // Until it has inserted before the time is up: a busy machine may stand still for longer.
  ASSERT_TRUE(net::testing::DriveUntil(loop(), [&] {
    if (idle && Await((*idle)->Run({.statement = kAdd, .parameters = {std::int64_t{1}}}))) return true;
    idle = Await(database().Begin({}));
    return false;
  }));
  Must("insert into numbers values (2)");  // waits until the idle one is ended
  const auto after = Await((*idle)->Run({.statement = kAdd, .parameters = {std::int64_t{3}}}));
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().kind, FailureKind::kTimeout);
  EXPECT_NE(after.error().message.find("storage.sqlite.transaction_idle_timeout"), std::string::npos);
  EXPECT_FALSE(Await((*idle)->Commit()));
  EXPECT_EQ(Must("select n from numbers"), Lines{"2"});
}

TEST_F(WriterTest, ATransactionThatLastsTooLongIsRolledBackByName) {
  settings().transaction_timeout = Milliseconds(80);
  Create();
  auto slow = Await(database().Begin({}));
  ASSERT_TRUE(slow);
  sql::Result<sql::RunResult> result;
  for (std::int64_t n = 0; result; ++n) result = Await((*slow)->Run({.statement = kAdd, .parameters = {n}}));
  EXPECT_EQ(result.error().kind, FailureKind::kTimeout) << result.error().message;
  EXPECT_EQ(Count("numbers"), 0);
}

TEST_F(WriterTest, AStatementThatRunsTooLongIsStopped) {
  Create();
  Close();
  settings().statement_timeout = Milliseconds(80);
  EXPECT_EQ(FailureOf(kEndless.text()).kind, FailureKind::kTimeout);
  const auto read =
      Read("with recursive s(x) as (select 1 union all select x + 1 from s) select count(*) from s");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, FailureKind::kTimeout);
  // A busy machine, or its disk, may take too long for this too.
  EXPECT_TRUE(
      net::testing::DriveUntil(loop(), [&] { return Run("insert into numbers values (1)").has_value(); }));
}

TEST_F(WriterTest, FailuresAreCountedByKind) {
  Create();
  Must("insert into numbers values (1)");
  (void)FailureOf("insert into numbers values (1)");
  EXPECT_FALSE(Read("select nothing"));
  EXPECT_FALSE(Read("insert into numbers values (2)"));
  EXPECT_EQ(Metric(R"(tidemill_sqlite_failures_total{kind="unique_violation"})"), 1);
  EXPECT_EQ(Metric(R"(tidemill_sqlite_failures_total{kind="invalid_statement"})"), 1);
  EXPECT_EQ(Metric(R"(tidemill_sqlite_failures_total{kind="read_only"})"), 1);
  // A read is counted after it was answered.
  ASSERT_TRUE(
      net::testing::DriveUntil(loop(), [&] { return Metric("tidemill_sqlite_read_seconds_count") == 2; }));
  EXPECT_EQ(Metric("tidemill_sqlite_reads_total"), 2);
}

TEST_F(WriterTest, FailuresInsideTransactionsAndStreamsAreCounted) {
  Must("create table t (n integer primary key)");
  const auto failures = [&](const std::string& kind) {
    return Metric("tidemill_sqlite_failures_total{kind=\"" + kind + "\"}");
  };
  auto transaction = Await(database().Begin({}));
  ASSERT_TRUE(transaction);
  EXPECT_FALSE(Await((*transaction)->Run({.statement = sql::Statement("insert into t values ('x')")})));
  EXPECT_EQ(failures("invalid_value"), 1);
  transaction->reset();
  const sql::Call call{
      .statement = sql::Statement("with recursive s(n) as (select 1 union all select n + 1 from s "
                                  "where n < 2000) select abs(case n when 1000 then "
                                  "-9223372036854775807 - 1 else n end) from s"),
      .access = sql::Access::kRead};
  auto stream = Await(database().Stream(call));
  ASSERT_TRUE(stream);
  while (const auto piece = Await((*stream)->Next())) ASSERT_TRUE(*piece) << "it ends with its failure";
  EXPECT_EQ(failures("invalid_value"), 2);
}

TEST_F(WriterTest, StoppingCarriesOutWhatWasAccepted) {
  Create();
  std::vector<Added> added(500);
  auto scope = std::make_unique<TaskScope>();
  for (std::size_t i = 0; i < added.size(); ++i) {
    scope->Spawn(Add(database(), static_cast<std::int64_t>(i), added[i]));
  }
  bench().database.reset();
  bench().store.reset();
  ASSERT_TRUE(AwaitAll(*scope)) << "the answers came";
  for (const Added& one : added) EXPECT_TRUE(*one);
  scope.reset();
  Close();
  EXPECT_EQ(Count("numbers"), 500);
}

TEST_F(WriterTest, StoppingEndsWhoHoldsATransaction) {
  Create();
  auto write = Await(database().Begin({}));
  auto read = Await(database().Begin({.access = sql::Access::kRead}));
  ASSERT_TRUE(write && read);
  ASSERT_TRUE(Await((*write)->Run({.statement = kAdd, .parameters = {std::int64_t{1}}})));
  bench().database.reset();
  bench().store.reset();
  const auto refused = Await((*write)->Commit());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, FailureKind::kUnavailable);
  EXPECT_FALSE(Await((*read)->Commit()));
  write->reset();
  read->reset();
  Close();
  EXPECT_EQ(Count("numbers"), 0);
}

TEST_F(WriterTest, WritersAndReadersOfSeveralLoops) {
  Create();
  constexpr std::int64_t kEach = 150;
  std::atomic<int> wrong{0};
  {
    const std::array loops = {net::testing::OpenLoop(), net::testing::OpenLoop(), net::testing::OpenLoop()};
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < loops.size(); ++t) {
      threads.emplace_back([&, t] {
        Database own(*loops[t], *bench().store);
        std::vector<Added> added(kEach);
        std::vector<Added> seen(kEach);
        TaskScope scope;
        for (std::size_t i = 0; i < added.size(); ++i) {
          const auto n = static_cast<std::int64_t>(t) * kEach + static_cast<std::int64_t>(i);
          scope.Spawn(Add(own, n, added[i]));
          // All of a loop's rows that a snapshot has are the first ones: they were written in order.
          scope.Spawn(RunCall(own,
                              {.statement = sql::Statement(
                                   "select count(*), max(n) - min(n) + 1 from numbers where n / 150 = ?1"),
                               .parameters = {static_cast<std::int64_t>(t)},
                               .access = sql::Access::kRead},
                              seen[i]));
        }
        if (!net::testing::DriveUntil(*loops[t], [&] { return scope.running() == 0; })) ++wrong;
        for (const Added& one : added) wrong += !one || !*one;
        for (const Added& one : seen) {
          if (!one || !*one) {
            ++wrong;
            continue;
          }
          const sql::Row row = (*one)->rows[0];
          wrong += row[0].AsInteger() != 0 && row[0].text != row[1].text;
        }
      });
    }
    threads.clear();
    Close();  // before the loops that it answers
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(Count("numbers"), 3 * kEach);
}

}  // namespace
}  // namespace tidemill::sqlite
