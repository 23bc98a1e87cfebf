#include "sql/schema/schema_state.h"

#include <gtest/gtest.h>

#include <set>

#include "sql/schema/print_schema.h"
#include "sql/testing/crate_schema.h"

namespace tidemill::sql {
namespace {

using testing::CrateSchema;

std::vector<AppliedVersion> Applied(std::initializer_list<std::uint32_t> versions, Dialect dialect,
                                    std::string module = "crates") {
  const Schema schema = CrateSchema();
  std::vector<AppliedVersion> rows;
  for (const std::uint32_t version : versions) {
    rows.push_back({.module = module,
                    .version = version,
                    .checksum = version <= 3 ? ChecksumOf(schema.versions[version - 1], dialect) : "?",
                    .applied_at = "2026-11-27",
                    .applied_by = "9.9.9"});
  }
  return rows;
}

TEST(JudgeSchema, ByWhatIsRecorded) {
  struct Case {
    std::initializer_list<std::uint32_t> applied;
    std::size_t known;
    SchemaVerdict verdict;
    const char* problem;
  };
  const Case cases[] = {
      {{}, 3, SchemaVerdict::kPending, ""},
      {{1}, 3, SchemaVerdict::kPending, ""},
      {{2, 1}, 2, SchemaVerdict::kCurrent, ""},
      {{1, 2, 3}, 3, SchemaVerdict::kCurrent, ""},
      {{}, 0, SchemaVerdict::kCurrent, ""},
      {{1, 2, 3, 4},
       3,
       SchemaVerdict::kNewer,
       "module crates: the database is at version 4, by 9.9.9, and this program knows 3; run a newer one"},
      {{1, 3},
       3,
       SchemaVerdict::kGap,
       "module crates: version 3 is recorded in the database, but version 2 is not"},
      {{2},
       3,
       SchemaVerdict::kGap,
       "module crates: version 2 is recorded in the database, but version 1 is not"},
  };
  for (const Dialect dialect : {Dialect::kPostgres, Dialect::kSqlite}) {
    for (const Case& c : cases) {
      SCOPED_TRACE(c.problem);
      const ModuleState state = JudgeSchema(CrateSchema(c.known), Applied(c.applied, dialect), dialect);
      EXPECT_EQ(Name(state.verdict), Name(c.verdict));
      EXPECT_EQ(state.problem, c.problem);
      EXPECT_EQ(state.known, c.known);
    }
  }
}

TEST(JudgeSchema, AChecksumBelongsToADialect) {
  const ModuleState state =
      JudgeSchema(CrateSchema(3), Applied({1, 2, 3}, Dialect::kSqlite), Dialect::kPostgres);
  EXPECT_EQ(state.verdict, SchemaVerdict::kChanged);
  EXPECT_TRUE(state.problem.starts_with("module crates: version 1 was applied with another text (checksum "))
      << state.problem;
}

TEST(JudgeSchemas, NamesModulesThatAreNotKnown) {
  std::vector<AppliedVersion> applied = Applied({1, 2}, Dialect::kSqlite, "ferries");
  for (const AppliedVersion& row : Applied({1}, Dialect::kSqlite)) applied.push_back(row);
  const auto states = JudgeSchemas({CrateSchema(1)}, applied, Dialect::kSqlite);
  ASSERT_EQ(states.size(), 2u);
  EXPECT_EQ(states[0].module, "crates");
  EXPECT_EQ(states[0].verdict, SchemaVerdict::kCurrent);
  EXPECT_EQ(states[0].applied_by, "9.9.9");
  EXPECT_EQ(states[1].module, "ferries");
  EXPECT_EQ(states[1].verdict, SchemaVerdict::kUnknown);
  EXPECT_EQ(states[1].applied, 2u);
  EXPECT_EQ(states[1].problem, "module ferries: in the database at version 2, and not known to this program");
}

TEST(ChecksumOf, TellsStatementsApart) {
  const auto sum = [](SchemaStatements statements) {
    return ChecksumOf({.postgres = std::move(statements), .sqlite = {}}, Dialect::kPostgres);
  };
  const std::set<std::string> sums = {sum({}),         sum({"a"}),       sum({"a", "b"}), sum({"ab"}),
                                      sum({"b", "a"}), sum({"a", "b "}), sum({"a", ""})};
  EXPECT_EQ(sums.size(), 7u);
  EXPECT_EQ(sum({"create table t (n integer)"}), "328b4252c521d5a7")
      << "recorded in databases: it must not change";
}

TEST(QuoteIdentifier, DoublesQuotes) {
  EXPECT_EQ(QuoteIdentifier("tidemill"), "\"tidemill\"");
  EXPECT_EQ(QuoteIdentifier("a\"b"), "\"a\"\"b\"");
}

TEST(SchemaLockKey, IsOfItsSchema) {
  EXPECT_NE(SchemaLockKey({.postgres_schema = "a"}), SchemaLockKey({.postgres_schema = "b"}));
  EXPECT_EQ(SchemaLockKey({.postgres_schema = "a"}),
            SchemaLockKey({.postgres_schema = "a", .applied_by = "x"}));
}

TEST(PrintSchema, IsAScriptThatRecordsItself) {
  const Schema schema{
      .module = "jobs",
      .versions = {{.postgres = {"create table a (n integer)"}, .sqlite = {"create table a (n)"}},
                   {.postgres = {"drop table a"}, .sqlite = {"drop table a"}}}};
  const SchemaOptions options{.postgres_schema = "tidemill", .applied_by = "0.1"};
  const std::string sum = ChecksumOf(schema.versions[1], Dialect::kPostgres);
  const std::string key = std::to_string(SchemaLockKey(options));
  const std::string postgres = PrintSchema(schema, Dialect::kPostgres, options, 1);
  EXPECT_TRUE(
      postgres.starts_with("-- Tidemill 0.1: module jobs, for psql\n\\set ON_ERROR_STOP on\nbegin;\n"
                           "select pg_advisory_xact_lock(" +
                           key +
                           ");\nset local client_min_messages to warning;\n"
                           "create schema if not exists \"tidemill\";\n"
                           "create table if not exists \"tidemill\".tidemill_schema (\n"))
      << postgres;
  EXPECT_TRUE(postgres.ends_with(
      "\n-- version 2\nbegin;\nselect pg_advisory_xact_lock(" + key +
      ");\ninsert into \"tidemill\".tidemill_schema (module, version, checksum, applied_by) values ('jobs', "
      "2, '" +
      sum + "', '0.1');\nset local search_path to \"tidemill\";\ndrop table a;\ncommit;\n"))
      << postgres;
  const std::string sqlite = PrintSchema(schema, Dialect::kSqlite, options);
  EXPECT_TRUE(sqlite.starts_with("-- Tidemill 0.1: module jobs, for sqlite3\n.bail on\nbegin immediate;\n"))
      << sqlite;
  EXPECT_NE(sqlite.find("\n-- version 1\nbegin immediate;\ninsert into tidemill_schema "), std::string::npos);
}

}  // namespace
}  // namespace tidemill::sql
