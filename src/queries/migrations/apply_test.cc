// Migrations on both databases. The suite's parameter is an implementation, with an empty database.
#include "queries/migrations/apply.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "postgres/database/database.h"
#include "postgres/testing/on_loop.h"
#include "postgres/testing/postgres_server.h"
#include "queries/migrations/record.h"
#include "queries/migrations/status.h"
#include "sql/testing/database_suite.h"
#include "sqlite/testing/own_database.h"

namespace tidemill::migrations {
namespace {

using sql::testing::Backend;
using sql::testing::DatabaseParam;
using sql::testing::DatabaseSuite;
using TextLines = std::vector<std::string>;
using Texts = std::map<std::string, std::string>;

class SqliteFile final : public Backend {
 public:
  explicit SqliteFile(net::Loop& loop) : own_(loop) {}
  sql::Database& database() override { return own_.database(); }

 private:
  sqlite::testing::OwnDatabase own_;
};

// A database of its own on the server that all tests share.
class PostgresDatabase final : public Backend {
 public:
  explicit PostgresDatabase(net::Loop& loop)
      : name_("migrations_" + std::to_string(++count_)),
        loop_(loop),
        opener_(postgres::testing::OpenerOf(MakeUrl(name_))),
        database_(postgres::MakeDatabase(loop, *opener_, {}, metrics_)) {
    const MonotonicTime give_up = SystemClock().Now() + Seconds(10);
    while (database_->down_since() && SystemClock().Now() < give_up) loop.RunOnce(Milliseconds(10));
  }
  ~PostgresDatabase() override {
    database_.reset();
    for (int i = 0; i < 3; ++i) loop_.RunOnce({});
    Server().Run("drop database " + name_ + " with (force)");
  }
  sql::Database& database() override { return *database_; }

 private:
  static postgres::testing::PostgresServer& Server() {
    static postgres::testing::PostgresServer server;
    return server;
  }
  static std::string MakeUrl(const std::string& name) {
    Server().Run("create database " + name);
    return "postgres://postgres@127.0.0.1:" + std::to_string(Server().port()) + "/" + name;
  }

  static inline int count_ = 0;
  const std::string name_;
  net::Loop& loop_;
  metrics::Registry registry_;
  postgres::Metrics metrics_{registry_};
  std::unique_ptr<const postgres::SessionOpener> opener_;
  std::unique_ptr<postgres::Database> database_;
};

Task<void> KeepApply(net::Loop& loop, sql::Database& database, std::shared_ptr<const files::FileSet> set,
                     sql::SchemaOptions options, std::optional<Result<Outcome>>& outcome) {
  outcome.emplace(co_await Apply(loop, database, std::move(set), std::move(options)));
}

class ApplyTest : public DatabaseSuite {
 protected:
  std::shared_ptr<const files::FileSet> SetOf(const Texts& texts) {
    std::vector<std::shared_ptr<const files::File>> list;
    for (const auto& [name, text] : texts) {
      list.push_back(std::make_shared<const files::File>(
          files::LoadFile("migrations/" + name + ".sql", text, database().dialect())));
    }
    return std::make_shared<const files::FileSet>(files::MakeFileSet(std::move(list), {}, {}));
  }
  Result<Outcome> ApplyTexts(const Texts& texts) {
    return Await(Apply(loop(), database(), SetOf(texts), options_));
  }
  // Numbers that were applied; then what is wrong, with its place.
  TextLines Applied(const Texts& texts) {
    const auto outcome = ApplyTexts(texts);
    if (!outcome) return {outcome.error().detail};
    TextLines lines;
    for (const AppliedNow& each : outcome->applied) lines.push_back(std::to_string(each.number));
    if (!outcome->problems.empty()) lines.push_back(DescribeProblems(*SetOf(texts), outcome->problems));
    return lines;
  }
  TextLines Recorded() {
    TextLines lines;
    const auto record = Await(ReadRecord(database(), options_));
    EXPECT_TRUE(record) << record.error().message;
    for (const RecordedMigration& row : *record) {
      lines.push_back(std::to_string(row.migration.number) + " " + row.migration.name + " " + row.applied_by);
    }
    return lines;
  }

  sql::SchemaOptions options_{.applied_by = "1.2.3"};
};

const Texts kTwo = {
    {"0001_orders", "create table orders (id integer primary key);\ninsert into orders values (1)"},
    {"0002_amounts", "alter table orders add column amount integer;"}};

TEST_P(ApplyTest, AppliesEachOnceInOrderAndRecordsIt) {
  EXPECT_EQ(Recorded(), TextLines{});
  EXPECT_EQ(Applied(kTwo), (TextLines{"1", "2"}));
  EXPECT_EQ(Recorded(), (TextLines{"1 orders 1.2.3", "2 amounts 1.2.3"}));
  EXPECT_EQ(Lines("select id, amount from orders"), TextLines{"1 ~"});
  EXPECT_EQ(Applied(kTwo), TextLines{});
  Texts more = kTwo;
  more["3_more"] = "update orders set amount = 5";
  EXPECT_EQ(Applied(more), TextLines{"3"});
  EXPECT_EQ(Lines("select id, amount from orders"), TextLines{"1 5"});
}

TEST_P(ApplyTest, WhatIsNotAsItWasIsRefusedByName) {
  ASSERT_EQ(Applied(kTwo).size(), 2u);
  Texts changed = kTwo;
  changed["0001_orders"] += "; select 1";
  changed["0003_next"] = "create table next (id integer)";
  EXPECT_EQ(Applied(changed),
            TextLines{"migrations/0001_orders.sql: it was changed after it had been applied\n"
                      "  restore it, and write the change as a new migration\n"});
  EXPECT_EQ(
      Applied({{"0001_orders", kTwo.at("0001_orders")}}),
      TextLines{"migrations: migration 2 (amounts) has been applied, and its file is gone\n  restore it\n"});
  Texts windows = kTwo;
  windows["0001_orders"] = "create table orders (id integer primary key);\r\ninsert into orders values (1)";
  EXPECT_EQ(Applied(windows), TextLines{}) << "line ends are none of its text";
  EXPECT_EQ(Recorded().size(), 2u);
}

TEST_P(ApplyTest, AStatementThatFailsIsShownAndLeavesNothingOfItsMigration) {
  Texts broken = kTwo;
  broken["0002_amounts"] = "create table amounts (id integer);\n\nselect nothing\n  from orders";
  const TextLines said = Applied(broken);
  ASSERT_EQ(said.size(), 2u);
  EXPECT_EQ(said[0], "1");
  EXPECT_TRUE(said[1].starts_with("migrations/0002_amounts.sql:3:8: ")) << said[1];
  EXPECT_NE(said[1].find("\n  select nothing\n         ^~~~~~~\n"), std::string::npos) << said[1];
  EXPECT_EQ(Recorded(), TextLines{"1 orders 1.2.3"});
  EXPECT_FALSE(Run("select * from amounts"));
  EXPECT_EQ(Applied(kTwo), TextLines{"2"});
}

TEST_P(ApplyTest, WithAProblemNoneIsApplied) {
  Texts broken = kTwo;
  broken["0003_later"] = "begin; select 1";
  EXPECT_EQ(Applied(broken).size(), 1u);
  EXPECT_EQ(Applied({{"0001_a", "select 1"}, {"0003_c", "select 1"}}),
            TextLines{"migrations/0003_c.sql: 2 is missing before it\n"});
  EXPECT_EQ(Recorded(), TextLines{});
}

TEST_P(ApplyTest, ManyAtOnceApplyEachOnce) {
  Texts texts = kTwo;
  for (int i = 3; i <= 9; ++i)
    texts["000" + std::to_string(i) + "_row"] = "insert into orders values (" + std::to_string(i) + ", 1)";
  const auto set = SetOf(texts);
  std::vector<std::optional<Result<Outcome>>> outcomes(6);
  TaskScope scope;
  for (auto& outcome : outcomes) scope.Spawn(KeepApply(loop(), database(), set, options_, outcome));
  ASSERT_TRUE(DriveUntil([&] { return scope.running() == 0; }));
  std::size_t applied = 0;
  for (const auto& outcome : outcomes) {
    ASSERT_TRUE(*outcome) << outcome->error().detail;
    EXPECT_TRUE((*outcome)->problems.empty());
    applied += (*outcome)->applied.size();
  }
  EXPECT_EQ(applied, 9u);
  EXPECT_EQ(Recorded().size(), 9u);
  EXPECT_EQ(Count("orders"), 8);
}

TEST_P(ApplyTest, StoppedAnywhereItLeavesWholeMigrations) {
  Texts texts = {{"0001_a", "create table a (id integer)"}};
  for (int i = 2; i <= 6; ++i) {
    texts["000" + std::to_string(i) + "_a"] = "insert into a values (1); insert into a values (2)";
  }
  const auto set = SetOf(texts);
  std::mt19937 random(7);
  std::size_t recorded = 0;
  for (int round = 0; round < 200 && recorded < 6; ++round) {
    {
      TaskScope scope;
      std::optional<Result<Outcome>> outcome;
      scope.Spawn(KeepApply(loop(), database(), set, options_, outcome));
      for (auto turns = random() % 60; turns > 0; --turns) loop().RunOnce(Milliseconds(1));
    }
    recorded = Recorded().size();
    if (recorded == 0) continue;
    // What was sent before may yet be committed between two looks; then they are looked at again.
    const auto rows = static_cast<std::size_t>(Count("a"));
    if (Recorded().size() == recorded) EXPECT_EQ(rows, 2 * (recorded - 1));
  }
  const auto rest = ApplyTexts(texts);
  ASSERT_TRUE(rest) << rest.error().detail;
  EXPECT_EQ(Recorded().size(), 6u);
  EXPECT_EQ(Count("a"), 10);
}

TEST_P(ApplyTest, StatesOfAll) {
  ASSERT_EQ(Applied(kTwo).size(), 2u);
  Texts texts = {{"0001_orders", "select 2"}, {"0003_next", "select 1"}};
  const auto record = Await(ReadRecord(database(), options_));
  ASSERT_TRUE(record);
  TextLines states;
  for (const MigrationStatus& status : JudgeMigrations(*SetOf(texts), *record)) {
    states.push_back(std::to_string(status.number) + " " + status.name + " " +
                     std::string(Name(status.state)));
    EXPECT_EQ(status.applied_at.starts_with("20"), status.number != 3) << status.applied_at;
  }
  EXPECT_EQ(states, (TextLines{"1 orders refused", "2 amounts missing", "3 next refused"}))
      << "the third stands behind a gap";
}

class PostgresOnly : public ApplyTest {};

TEST_P(PostgresOnly, WhatCannotRunInATransactionSaysSo) {
  Texts texts = kTwo;
  texts["0003_index"] = "-- Fast.\ncreate index concurrently amounts on orders (amount)";
  const TextLines said = Applied(texts);
  ASSERT_EQ(said.size(), 3u);
  EXPECT_EQ(said[2],
            "migrations/0003_index.sql:2:1: CREATE INDEX CONCURRENTLY cannot run inside a transaction block "
            "(25001)\n  create index concurrently amounts on orders (amount)\n"
            "  ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n"
            "  write -- @no_tx as the file's first line\n");
  texts["0003_index"] = "-- @no_tx\n-- Fast.\ncreate index concurrently amounts on orders (amount)";
  EXPECT_EQ(Applied(texts), TextLines{"3"});
  EXPECT_EQ(Lines("select count(*) from pg_index where indisvalid and indexrelid = 'amounts'::regclass"),
            TextLines{"1"});
  EXPECT_EQ(Recorded().size(), 3u);
}

// Who waits for a lock inside the database would be waited for by the index.
TEST_P(PostgresOnly, AnIndexIsMadeWhileOthersWaitForTheLock) {
  Texts texts = kTwo;
  texts["0003_index"] = "-- @no_tx\ncreate index concurrently amounts on orders (amount)";
  const auto set = SetOf(texts);
  std::vector<std::optional<Result<Outcome>>> outcomes(4);
  TaskScope scope;
  for (auto& outcome : outcomes) scope.Spawn(KeepApply(loop(), database(), set, options_, outcome));
  ASSERT_TRUE(DriveUntil([&] { return scope.running() == 0; }));
  std::size_t applied = 0;
  for (const auto& outcome : outcomes) {
    ASSERT_TRUE(*outcome) << outcome->error().detail;
    applied += (*outcome)->applied.size();
  }
  EXPECT_EQ(applied, 3u);
}

TEST_P(PostgresOnly, ADeferredConstraintFailsAtTheEnd) {
  Texts texts = kTwo;
  texts["0003_items"] =
      "create table items (orders integer references orders deferrable initially deferred);\n"
      "insert into items values (77);";
  const TextLines said = Applied(texts);
  ASSERT_EQ(said.size(), 3u);
  EXPECT_NE(said[2].find("violates foreign key constraint"), std::string::npos) << said[2];
  EXPECT_EQ(Recorded().size(), 2u);
}

TEST_P(PostgresOnly, WhoHoldsTheLockTooLongIsNotWaitedFor) {
  ASSERT_EQ(Applied({{"0001_orders", kTwo.at("0001_orders")}}).size(), 1u);
  auto holder = Await(database().Begin({}));
  ASSERT_TRUE(holder);
  ASSERT_TRUE(Await((*holder)->Run(Of("select pg_advisory_xact_lock($1)", {LockKey(options_)}))));
  options_.patience = Milliseconds(50);
  EXPECT_EQ(Applied(kTwo),
            TextLines{"migrations/0002_amounts.sql: another node has been applying migrations for too long"});
  EXPECT_EQ(Applied({{"0001_orders", kTwo.at("0001_orders")}}), TextLines{}) << "nothing to do needs no lock";
  Await((*holder)->Rollback());
  EXPECT_EQ(Applied(kTwo), TextLines{"2"});
}

const DatabaseParam kSqlite = {"Sqlite", [](net::Loop& loop) { return std::make_unique<SqliteFile>(loop); }};
const DatabaseParam kPostgres = {"Postgres",
                                 [](net::Loop& loop) { return std::make_unique<PostgresDatabase>(loop); }};

std::string NameOf(const ::testing::TestParamInfo<DatabaseParam>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Databases, ApplyTest, ::testing::Values(kSqlite, kPostgres), NameOf);
INSTANTIATE_TEST_SUITE_P(Databases, PostgresOnly, ::testing::Values(kPostgres), NameOf);

}  // namespace
}  // namespace tidemill::migrations
