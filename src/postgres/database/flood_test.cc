#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/sleep.h"
#include "net/task_scope.h"
#include "postgres/statements/slowness.h"
#include "postgres/testing/on_loop.h"
#include "postgres/testing/postgres_server.h"

namespace tidemill::postgres {
namespace {

using sql::FailureKind;
using testing::DriveUntil;
using testing::OnLoop;

// Far above what a witness should wait, far below what the floods here hold up.
constexpr Duration kWitnessDeadline = Seconds(10);

sql::Call Sleep(const sql::Statement& statement, double seconds) {
  return {.statement = statement, .parameters = {seconds}, .access = sql::Access::kRead};
}

sql::Statement Sleeps() { return sql::Statement("select pg_sleep($1::float8)"); }

// Looks up a row by its key, again and again, as an endpoint beside a flood does.
struct Witness {
  const sql::Statement lookup{"select relname from pg_class where oid = $1::int8::oid"};
  std::vector<std::int64_t> waits_us;
  int failed = 0;
  std::string sample;
  bool stop = false;

  std::int64_t Percentile99Ms() {
    if (waits_us.empty()) return -1;
    std::ranges::sort(waits_us);
    return waits_us[waits_us.size() * 99 / 100] / 1000;
  }
};

Task<void> LookUp(OnLoop& db, Witness& witness) {
  const std::int64_t begun_us = MonotonicMicros();
  sql::Call call{
      .statement = witness.lookup, .parameters = {std::int64_t{1259}}, .access = sql::Access::kRead};
  call.limits.deadline = db.loop->clock().Now() + kWitnessDeadline;
  const auto result = co_await db.database->Run(std::move(call));
  witness.waits_us.push_back(MonotonicMicros() - begun_us);
  if (result && result->rows.size() == 1) co_return;
  ++witness.failed;
  witness.sample = result ? "no row" : result.error().message;
}

Task<void> Watch(OnLoop& db, Witness& witness, TaskScope& lookups) {
  while (!witness.stop) {
    lookups.Spawn(LookUp(db, witness));
    co_await net::Sleep(*db.loop, Milliseconds(5));
  }
}

void Expect(OnLoop& db, Witness& witness, std::size_t lookups_min, const std::string& name = "witness") {
  TaskScope lookups;
  TaskScope watch;
  watch.Spawn(Watch(db, witness, lookups));
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return witness.waits_us.size() >= lookups_min; }));
  witness.stop = true;
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return lookups.running() + watch.running() == 0; }));
  EXPECT_EQ(witness.failed, 0) << witness.sample;
  ::testing::Test::RecordProperty(name + "_p99_ms", std::to_string(witness.Percentile99Ms()));
  ::testing::Test::RecordProperty(name + "_worst_ms", std::to_string(witness.waits_us.back() / 1000));
}

struct Count {
  int ok = 0;
  int busy = 0;
  int late = 0;
  int other = 0;
  std::string sample;
};

Task<void> RunOne(OnLoop& db, sql::Call call, Count& count) {
  const auto result = co_await db.database->Run(std::move(call));
  if (result) {
    ++count.ok;
  } else if (result.error().kind == FailureKind::kBusy) {
    ++count.busy;
  } else if (result.error().kind == FailureKind::kTimeout) {
    ++count.late;
  } else {
    ++count.other;
    count.sample = result.error().message;
  }
}

// `flood` callers of something slow; every third hangs up.
void Flood(OnLoop& db, int flood, const sql::Call& call, TaskScope& patient, Count& count) {
  TaskScope hanging_up;
  for (int i = 0; i < flood; ++i) (i % 3 == 0 ? hanging_up : patient).Spawn(RunOne(db, call, count));
  for (int i = 0; i < 20; ++i) db.loop->RunOnce({});
}

TEST(Flood, OfAStatementNeverRunBeforeHoldsUpNoOther) {
  OnLoop db(testing::SharedServer().url());
  TaskScope patient;
  Count count;
  sql::Call call = Sleep(Sleeps(), 30);
  call.limits.deadline = db.loop->clock().Now() + Seconds(3);
  Flood(db, 2000, call, patient, count);
  Witness witness;
  Expect(db, witness, 300);
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return patient.running() == 0; }));
  EXPECT_EQ(count.ok, 0);
  Witness afterwards;
  Expect(db, afterwards, 100, "afterwards");
}

TEST(Flood, OfAStatementThatWasFastHoldsUpNoOther) {
  OnLoop db(testing::SharedServer().url());
  const sql::Statement sleeps = Sleeps();
  ASSERT_TRUE(db.Run(Sleep(sleeps, 0)));
  TaskScope patient;
  Count count;
  sql::Call call = Sleep(sleeps, 60);
  call.limits.deadline = db.loop->clock().Now() + Seconds(3);
  Flood(db, 2000, call, patient, count);
  Witness witness;
  Expect(db, witness, 300);
  EXPECT_EQ(count.other, 0) << count.sample;
  EXPECT_GE(db.metrics.stalls.value(), 1u);
  EXPECT_GE(db.metrics.moved.value(), 1u);
}

// What stands still on a shared connection is counted, and moves to an exclusive one only then.
TEST(Flood, OfBulksWithOneSlowItemIsKeptFromSharedConnections) {
  OnLoop db(testing::SharedServer().url());
  const sql::Statement sleeps = Sleeps();
  std::vector<sql::Call> bulk(20, Sleep(sleeps, 0));
  bulk[7] = Sleep(sleeps, 0.15);  // 8 ms for each, and nothing that stands still
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(db.Wait(db.database->RunAll(bulk)));
  TaskScope scope;
  int ended = 0;
  bulk[7] = Sleep(sleeps, 5);
  const auto run = [](OnLoop& on, std::vector<sql::Call> calls, int& count) -> Task<void> {
    calls.front().limits.deadline = on.loop->clock().Now() + Seconds(2);
    (void)co_await on.database->RunAll(std::move(calls));
    ++count;
  };
  scope.Spawn(run(db, bulk, ended));
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return scope.running() == 0; }));
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(db.metrics.stalls.value(), 0u) << "it was on a shared connection";
}

TEST(Flood, OfRefusedCallsDoesNotMakeASlowStatementFast) {
  DatabaseOptions options = testing::PatientOptions();
  options.pool.exclusive_connections = 1;
  options.pool.waiting_max = 1;
  OnLoop db(testing::SharedServer().url(), options);
  const sql::Statement sleeps = Sleeps();
  ASSERT_TRUE(db.Run(Sleep(sleeps, 0.5)));
  TaskScope scope;
  Count count;
  for (int i = 0; i < 100; ++i) scope.Spawn(RunOne(db, Sleep(sleeps, 60), count));
  EXPECT_EQ(count.busy, 99);
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return db.metrics.in_use.value() == 1; }));
  for (int i = 0; i < 20; ++i) scope.Spawn(RunOne(db, Sleep(sleeps, 60), count));
  EXPECT_EQ(count.busy, 118) << "one waits, none is on a shared connection";
}

TEST(Flood, ColdAndFastSucceedsWhole) {
  DatabaseOptions options = testing::PatientOptions();
  // On a busy machine it looks slow, and then three quarters of the places are its own.
  options.pool.waiting_max = 8000;
  OnLoop db(testing::SharedServer().url(), options);
  TaskScope scope;
  Count count;
  const sql::Call call{.statement = sql::Statement("select 1"), .access = sql::Access::kRead};
  for (int i = 0; i < 5000; ++i) scope.Spawn(RunOne(db, call, count));
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return scope.running() == 0; }));
  EXPECT_EQ(count.ok, 5000) << count.busy << " busy, " << count.sample;
  EXPECT_EQ(db.metrics.waiting.value(), 0);
}

TEST(Flood, MoreThanMayWaitForAFirstAnswerAreRefused) {
  DatabaseOptions options = testing::PatientOptions();
  options.pool.shared_connections = 1;
  options.pool.in_flight_max = 4;
  options.pool.waiting_max = 6;
  OnLoop db(testing::SharedServer().url(), options);
  TaskScope scope;
  Count count;
  const sql::Call call{.statement = sql::Statement("select 1"), .access = sql::Access::kRead};
  for (int i = 0; i < 20; ++i) scope.Spawn(RunOne(db, call, count));
  EXPECT_EQ(count.busy, 10) << "one is tried, 4 + 5 wait";
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return scope.running() == 0; }));
  // On a busy machine the trial looks slow, and of those who are woken fewer may wait for another lane: they
  // are refused by name, and nobody is forgotten.
  EXPECT_EQ(count.ok + count.busy, 20) << count.sample;
  EXPECT_EQ(db.metrics.waiting.value(), 0);
}

TEST(Flood, OfCallersThatMayNotPrepareAStatementFailsNoOther) {
  DatabaseOptions options = testing::PatientOptions();
  options.pool.shared_connections = 1;
  OnLoop db(testing::SharedServer().url(), options);
  for (const char* text :
       {"do $$ begin create role flood_blind; exception when duplicate_object then null; end $$",
        "drop schema if exists hidden cascade", "create schema hidden",
        "create table hidden.t as select 1 as n"}) {
    ASSERT_TRUE(db.Run(text)) << text;
  }
  const auto settings_of = [](const char* role) {
    return std::make_shared<const sql::LocalSettings>(sql::LocalSettings{{"role", role}});
  };
  Count blind;
  Count good;
  for (int round = 0; round < 10; ++round) {
    const sql::Statement statement("select n from hidden.t");
    const auto call = [&](const char* role) {
      return sql::Call{.statement = statement, .access = sql::Access::kRead, .settings = settings_of(role)};
    };
    TaskScope scope;
    for (int i = 0; i < 5; ++i) {
      for (int more = 0; more < 4; ++more) scope.Spawn(RunOne(db, call("flood_blind"), blind));
      scope.Spawn(RunOne(db, call("none"), good));
    }
    ASSERT_TRUE(DriveUntil(*db.loop, [&] { return scope.running() == 0; }));
  }
  EXPECT_EQ(good.ok, 50) << good.sample;
  EXPECT_EQ(blind.ok, 0);
}

TEST(Flood, WhoTriesAStatementMayHangUp) {
  OnLoop db(testing::SharedServer().url());
  const sql::Statement sleeps = Sleeps();
  Count count;
  auto first = std::make_unique<TaskScope>();
  TaskScope others;
  first->Spawn(RunOne(db, Sleep(sleeps, 0), count));
  for (int i = 0; i < 100; ++i) others.Spawn(RunOne(db, Sleep(sleeps, 0), count));
  first.reset();
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return others.running() == 0; }));
  EXPECT_EQ(count.ok, 100);
}

TEST(Flood, AWriteThatStandsStillIsNotEndedAndReadsBehindItGoElsewhere) {
  OnLoop db(testing::SharedServer().url());
  const sql::Call lock{.statement = sql::Statement("select pg_advisory_xact_lock(4711)")};
  auto holder = db.Wait(db.database->Begin({}));
  ASSERT_TRUE(holder);
  ASSERT_TRUE(db.Wait((*holder)->Run(lock)));
  Count writes;
  TaskScope scope;
  scope.Spawn(RunOne(db, lock, writes));
  Witness witness;
  Expect(db, witness, 100);
  EXPECT_EQ(writes.ok, 0) << "the reads are answered before it";
  ASSERT_TRUE(db.Wait((*holder)->Commit()));
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return scope.running() == 0; }));
  EXPECT_EQ(writes.ok, 1) << writes.sample;
  EXPECT_EQ(db.metrics.disconnects.value(), 0u);
}

// Statements that were fast, all of which stand still now.
TEST(Flood, WhileWritesHoldEverySharedConnectionReadsGoElsewhere) {
  OnLoop db(testing::SharedServer().url());
  const sql::Call locks[] = {{.statement = sql::Statement("select pg_advisory_xact_lock(4712)")},
                             {.statement = sql::Statement("select pg_advisory_xact_lock(4713)")}};
  for (int i = 0; i < 20; ++i) {  // on a busy machine, too
    for (const sql::Call& lock : locks) ASSERT_TRUE(db.Run(lock));
  }
  auto holder = db.Wait(db.database->Begin({}));
  ASSERT_TRUE(holder);
  for (const sql::Call& lock : locks) ASSERT_TRUE(db.Wait((*holder)->Run(lock)));
  Count writes;
  TaskScope scope;
  for (const sql::Call& lock : locks) scope.Spawn(RunOne(db, lock, writes));
  Witness witness;
  Expect(db, witness, 100);
  EXPECT_EQ(writes.ok, 0) << "the reads are answered before them";
  EXPECT_EQ(db.metrics.stalls.value(), 2u);
  ASSERT_TRUE(db.Wait((*holder)->Commit()));
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return scope.running() == 0; }));
  EXPECT_EQ(writes.ok, 2) << writes.sample;
  EXPECT_EQ(db.metrics.disconnects.value(), 0u);
}

// Runs of a fast statement, and whether the machine was so busy that one of them was not.
struct FastRuns {
  OnLoop& db;
  const sql::Statement statement = Sleeps();
  bool was_slow = false;

  sql::Result<sql::RunResult> Run(Duration deadline = kWitnessDeadline) {
    const std::int64_t begun_us = MonotonicMicros();
    sql::Call call = Sleep(statement, 0);
    call.limits.deadline = db.loop->clock().Now() + deadline;
    auto result = db.Run(std::move(call));
    was_slow = was_slow || (result && MonotonicMicros() - begun_us >= Slowness::kSlowUs);
    return result;
  }
};

// nullopt: it took long more than once, as the machine is busy, and nothing is shown.
std::optional<::testing::AssertionResult> IsNotHeldUpByAFlood() {
  OnLoop db(testing::SharedServer().url());
  FastRuns fast{db};
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(fast.Run());
  EXPECT_TRUE(db.Run(Sleep(fast.statement, 0.6)));
  const sql::Statement slow = Sleeps();
  EXPECT_TRUE(db.Run(Sleep(slow, 0.6)));
  TaskScope flood;
  Count count;
  for (int i = 0; i < 100; ++i) flood.Spawn(RunOne(db, Sleep(slow, 60), count));
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return db.metrics.in_use.value() == 4; }));
  for (int i = 0; i < 30; ++i) {
    if (const auto result = fast.Run(); !result) {
      if (fast.was_slow) return std::nullopt;
      return ::testing::AssertionFailure() << result.error().message;
    }
  }
  EXPECT_EQ(count.ok, 0);

  // Long twice is slow: it waits with the others.
  EXPECT_TRUE(db.Run(Sleep(fast.statement, 0.6)));
  EXPECT_TRUE(db.Run(Sleep(fast.statement, 0.6)));
  const auto result = fast.Run(Milliseconds(100));
  if (result) return ::testing::AssertionFailure() << "what is slow did not wait";
  EXPECT_EQ(result.error().kind, FailureKind::kTimeout);
  return ::testing::AssertionSuccess();
}

TEST(Flood, OfSlowStatementsDoesNotHoldUpOneThatTookLongOnce) {
  std::optional<::testing::AssertionResult> shown;
  for (int tries = 0; tries < 10 && !shown; ++tries) shown = IsNotHeldUpByAFlood();
  ASSERT_TRUE(shown) << "the machine is too busy";
  EXPECT_TRUE(*shown);
}

TEST(Flood, OfOneStatementLeavesAQuarterOfTheQueueToOthers) {
  DatabaseOptions options = testing::PatientOptions();
  options.pool.exclusive_connections = 1;
  options.pool.waiting_max = 8;
  OnLoop db(testing::SharedServer().url(), options);
  const sql::Statement statements[] = {Sleeps(), Sleeps()};
  for (const sql::Statement& statement : statements) ASSERT_TRUE(db.Run(Sleep(statement, 0.5)));
  TaskScope scope;
  Count flood;
  for (int i = 0; i < 100; ++i) scope.Spawn(RunOne(db, Sleep(statements[0], 60), flood));
  EXPECT_TRUE(DriveUntil(*db.loop, [&] { return db.metrics.in_use.value() == 1; }));
  scope.Spawn(RunOne(db, Sleep(statements[0], 60), flood));
  scope.Spawn(RunOne(db, Sleep(statements[0], 60), flood));
  EXPECT_EQ(flood.busy, 95) << "one runs, six wait";
  Count other;
  for (int i = 0; i < 3; ++i) scope.Spawn(RunOne(db, Sleep(statements[1], 0), other));
  EXPECT_EQ(other.busy, 1) << "two wait";
}

TEST(Idle, NoTimerRunsWhileNothingIsInFlight) {
  OnLoop db(testing::SharedServer().url());
  ASSERT_TRUE(db.Run("select 1"));
  {
    auto transaction = db.Wait(db.database->Begin({}));
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(db.Wait((*transaction)->Run({.statement = sql::Statement("select 1")})));
    ASSERT_TRUE(db.Wait((*transaction)->Commit()));
  }
  // Until a connection is probed, which is 10 s after the server was heard last.
  EXPECT_TRUE(DriveUntil(*db.loop, [&] {
    const auto next = db.loop->timers().NextCheck();
    return next && *next - db.loop->clock().Now() > Seconds(5);
  }));
}

}  // namespace
}  // namespace tidemill::postgres
