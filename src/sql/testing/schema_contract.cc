#include "sql/testing/schema_contract.h"

#include <random>

#include "sql/testing/crate_schema.h"

namespace tidemill::sql::testing {

std::string SchemaContract::Name(const ParamInfo& info) { return info.param.name; }

std::string SchemaLockContract::Name(const ParamInfo& info) { return info.param.name; }

tidemill::Result<std::vector<AppliedNow>> SchemaContract::Apply(const std::vector<Schema>& schemas) {
  return Await(ApplySchemas(loop(), database(), schemas, options_));
}

std::vector<AppliedVersion> SchemaContract::Applied() {
  const auto applied = Await(ReadAppliedVersions(database(), options_));
  EXPECT_TRUE(applied) << applied.error().message;
  return applied.value_or(std::vector<AppliedVersion>{});
}

std::string SchemaContract::Table(const std::string& name) {
  return IsSqlite() ? name : QuoteIdentifier(options_.postgres_schema) + "." + name;
}

namespace {

using TextLines = std::vector<std::string>;
using Outcomes = std::vector<std::optional<tidemill::Result<std::vector<AppliedNow>>>>;

Schema Labels() {
  return {.module = "labels",
          .versions = {{.postgres = {"create table labels (name text primary key)"},
                        .sqlite = {"create table labels (name text primary key) strict"}}}};
}

Task<void> KeepApply(net::Loop& loop, Database& database, const std::vector<Schema>& schemas,
                     SchemaOptions options,
                     std::optional<tidemill::Result<std::vector<AppliedNow>>>& outcome) {
  outcome.emplace(co_await ApplySchemas(loop, database, schemas, std::move(options)));
}

TextLines ToTexts(const std::vector<AppliedVersion>& applied) {
  TextLines lines;
  for (const AppliedVersion& row : applied) {
    lines.push_back(row.module + " " + std::to_string(row.version) + " " + row.applied_by);
  }
  return lines;
}

}  // namespace

// A united build links all suites into each test.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SchemaContract);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SchemaLockContract);

TEST_P(SchemaContract, AppliesEveryVersionOnceAndRecordsIt) {
  EXPECT_TRUE(Applied().empty());
  const std::vector<Schema> schemas = {CrateSchema(), Labels()};
  const auto first = Apply(schemas);
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_EQ(*first, (std::vector<AppliedNow>{{"crates", 1}, {"crates", 2}, {"crates", 3}, {"labels", 1}}));
  EXPECT_EQ(ToTexts(Applied()),
            (TextLines{"crates 1 1.2.3", "crates 2 1.2.3", "crates 3 1.2.3", "labels 1 1.2.3"}));
  for (const AppliedVersion& row : Applied()) EXPECT_TRUE(row.applied_at.starts_with("20")) << row.applied_at;
  Must("insert into " + Table("crates") + " (id, label) values (2, 'b')");
  EXPECT_EQ(Lines("select id, label, weight from " + Table("crates") + " order by id"),
            (TextLines{"1 it's; first 5", "2 b 1"}));

  const auto second = Apply(schemas);
  ASSERT_TRUE(second) << second.error().detail;
  EXPECT_TRUE(second->empty());
  EXPECT_EQ(Lines("select 1"), TextLines{"1"}) << "nothing of it stays on a connection";
}

TEST_P(SchemaContract, ALaterProgramAppliesWhatIsNew) {
  ASSERT_TRUE(Apply({CrateSchema(1)}));
  options_.applied_by = "2.0.0";
  const auto later = Apply({CrateSchema(3)});
  ASSERT_TRUE(later) << later.error().detail;
  EXPECT_EQ(*later, (std::vector<AppliedNow>{{"crates", 2}, {"crates", 3}}));
  EXPECT_EQ(ToTexts(Applied()), (TextLines{"crates 1 1.2.3", "crates 2 2.0.0", "crates 3 2.0.0"}));
}

TEST_P(SchemaContract, ANewerSchemaIsRefusedByName) {
  ASSERT_TRUE(Apply({CrateSchema(3)}));
  const auto older = Apply({Labels(), CrateSchema(2)});
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().code, Errc::kRefused);
  EXPECT_EQ(
      older.error().detail,
      "module crates: the database is at version 3, by 1.2.3, and this program knows 2; run a newer one");
  EXPECT_EQ(Applied().size(), 3u) << "nothing of the other module either";
}

TEST_P(SchemaContract, AChangedTextOfAnAppliedVersionIsNoticed) {
  ASSERT_TRUE(Apply({CrateSchema(2)}));
  Schema changed = CrateSchema(3);
  (IsSqlite() ? changed.versions[0].sqlite : changed.versions[0].postgres).emplace_back("select 1");
  const auto refused = Apply({changed});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kRefused);
  EXPECT_NE(refused.error().detail.find("module crates: version 1 was applied with another text"),
            std::string::npos)
      << refused.error().detail;
  EXPECT_EQ(Applied().size(), 2u);
}

TEST_P(SchemaContract, AVersionThatFailsLeavesNothingOfItself) {
  Schema broken = CrateSchema(3);
  broken.versions[1].postgres.emplace_back("select nothing from crates");
  broken.versions[1].sqlite.emplace_back("select nothing from crates");
  const auto failed = Apply({broken});
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().detail.starts_with("module crates, version 2: ")) << failed.error().detail;
  EXPECT_EQ(ToTexts(Applied()), TextLines{"crates 1 1.2.3"});
  EXPECT_EQ(Count(Table("crates")), 0) << "its row is gone with it";
  const auto mended = Apply({CrateSchema(3)});
  ASSERT_TRUE(mended) << mended.error().detail;
  EXPECT_EQ(mended->size(), 2u);
}

TEST_P(SchemaContract, ManyThatStartAtOnceApplyEachVersionOnce) {
  const std::vector<Schema> schemas = {CrateSchema(), Labels()};
  Outcomes outcomes(8);
  TaskScope scope;
  for (auto& outcome : outcomes) scope.Spawn(KeepApply(loop(), database(), schemas, options_, outcome));
  ASSERT_TRUE(DriveUntil([&] { return scope.running() == 0; }));
  std::size_t applied = 0;
  for (const auto& outcome : outcomes) {
    ASSERT_TRUE(*outcome) << outcome->error().detail;
    applied += (*outcome)->size();
  }
  EXPECT_EQ(applied, 4u);
  EXPECT_EQ(Applied().size(), 4u);
  EXPECT_EQ(Count(Table("crates")), 1);
}

TEST_P(SchemaContract, StoppedAnywhereItLeavesWholeVersions) {
  const std::vector<Schema> schemas = {CrateSchema()};
  std::mt19937 random(5);
  std::size_t recorded = 0;
  for (int round = 0; round < 200 && recorded < 3; ++round) {
    {
      TaskScope scope;
      std::optional<tidemill::Result<std::vector<AppliedNow>>> outcome;
      scope.Spawn(KeepApply(loop(), database(), schemas, options_, outcome));
      for (auto turns = random() % 40; turns > 0; --turns) loop().RunOnce(Milliseconds(1));
    }
    recorded = Applied().size();
    if (recorded >= 2) {
      EXPECT_EQ(Count(Table("crates")), 1);
    } else if (recorded == 1) {
      // What was sent before may yet be carried out.
      EXPECT_TRUE(Count(Table("crates")) == 0 || Applied().size() >= 2);
    }
  }
  ASSERT_TRUE(Apply(schemas));
  EXPECT_EQ(Applied().size(), 3u);
  Must("insert into " + Table("crates") + " (id, label) values (2, 'b')");
}

TEST_P(SchemaLockContract, WhoHoldsTheLockTooLongIsNotWaitedFor) {
  auto holder = Await(database().Begin({}));
  ASSERT_TRUE(holder);
  ASSERT_TRUE(Await((*holder)->Run(Of("select pg_advisory_xact_lock($1)", {SchemaLockKey(options_)}))));
  options_.patience = Milliseconds(100);
  const auto late = Apply({CrateSchema()});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::kTimeout);
  EXPECT_EQ(late.error().detail, "module crates, version 1: another node holds the lock of the schema");
  Await((*holder)->Rollback());
  options_.patience = Seconds(30);
  EXPECT_TRUE(Apply({CrateSchema()}));
}

// It reads and no more: a role that may not create anything is enough.
TEST_P(SchemaLockContract, WhatIsAppliedAlreadyTakesNoLock) {
  ASSERT_TRUE(Apply({CrateSchema()}));
  auto holder = Await(database().Begin({}));
  ASSERT_TRUE(holder);
  ASSERT_TRUE(Await((*holder)->Run(Of("select pg_advisory_xact_lock($1)", {SchemaLockKey(options_)}))));
  options_.patience = Milliseconds(1);
  const auto again = Apply({CrateSchema()});
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_TRUE(again->empty());
  Await((*holder)->Rollback());
}

}  // namespace tidemill::sql::testing
