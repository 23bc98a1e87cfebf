#include "queries/files/migrations.h"

#include <gtest/gtest.h>

#include <string>

#include "queries/files/file_set.h"

namespace tidemill::files {
namespace {

std::string Show(const std::vector<MigrationProblem>& problems) {
  std::string out;
  for (const auto& [path, problem] : problems) {
    EXPECT_EQ(problem.kind, ProblemKind::kMigration);
    out += path + ": " + problem.message + "\n";
  }
  return out;
}

std::string Ordering(const std::vector<std::string>& names) {
  std::vector<MigrationFile> files;
  for (const std::string& name : names) files.push_back({.path = "migrations/" + name, .checksum = name});
  const OrderedMigrations ordered = OrderMigrations(files);
  std::string out;
  for (const Migration& migration : ordered.migrations) {
    out += std::to_string(migration.number) + " " + migration.name + "\n";
  }
  return out + Show(ordered.problems);
}

TEST(Migrations, AreOrderedByNumber) {
  EXPECT_EQ(Ordering({}), "");
  EXPECT_EQ(Ordering({"0002_b.sql", "0001_orders_2.sql"}), "1 orders_2\n2 b\n");
  EXPECT_EQ(Ordering({"10_j.sql", "1_a.sql", "2_b.sql", "3_c.sql", "4_d.sql", "5_e.sql", "6_f.sql", "7_g.sql",
                      "8_h.sql", "9_i.sql"}),
            "1 a\n2 b\n3 c\n4 d\n5 e\n6 f\n7 g\n8 h\n9 i\n10 j\n")
      << "by number, not by letters";
}

TEST(Migrations, RefuseDuplicatesAndGaps) {
  EXPECT_EQ(Ordering({"001_a.sql", "1_b.sql"}),
            "1 a\n1 b\nmigrations/1_b.sql: number 1 is also that of migrations/001_a.sql\n");
  EXPECT_EQ(Ordering({"1_a.sql", "3_c.sql"}), "1 a\n3 c\nmigrations/3_c.sql: 2 is missing before it\n");
  EXPECT_EQ(Ordering({"2_a.sql", "9_c.sql"}),
            "2 a\n9 c\nmigrations/2_a.sql: 1 is missing before it\n"
            "migrations/9_c.sql: 3 to 8 are missing before it\n");
  EXPECT_EQ(Ordering({"0_a.sql", "1_b.sql"}), "0 a\n1 b\nmigrations/0_a.sql: numbers begin with 1\n");
}

TEST(Migrations, RefuseOtherNames) {
  for (const char* name :
       {"orders.sql", "_a.sql", "1.sql", "1_.sql", "1-a.sql", "1_A.sql", "1_a b.sql", "v1_a.sql", "-1_a.sql",
        "+1_a.sql", "1_a.down.sql", "1234567890_a.sql", "99999999999999999999_a.sql"}) {
    EXPECT_EQ(Ordering({name}), "migrations/" + std::string(name) + ": no name of a migration\n");
  }
  EXPECT_EQ(Ordering({"old/1_a.sql"}), "migrations/old/1_a.sql: a migration in a folder of its own\n");
}

TEST(Migrations, AreComparedWithWhatWasApplied) {
  const auto migrations =
      OrderMigrations({{"migrations/1_a.sql", "A"}, {"migrations/2_b.sql", "B"}, {"migrations/3_c.sql", "C"}})
          .migrations;
  const auto check = [&](const std::vector<AppliedMigration>& applied) {
    return Show(CheckApplied(migrations, applied));
  };
  EXPECT_EQ(check({}), "");
  EXPECT_EQ(check({{1, "a", "A"}, {2, "b", "B"}}), "");
  EXPECT_EQ(check({{1, "renamed", "A"}}), "") << "the same text is the same migration";
  EXPECT_EQ(check({{1, "a", "A"}, {2, "b", "other"}}),
            "migrations/2_b.sql: it was changed after it had been applied\n");
  EXPECT_EQ(check({{1, "a", "A"}, {3, "c", "C"}}),
            "migrations/2_b.sql: number 2 comes too late: 3 has been applied\n");
  EXPECT_EQ(check({{1, "a", "A"}, {2, "b", "B"}, {3, "c", "C"}, {4, "d", "D"}}),
            ": migration 4 (d) has been applied, and its file is gone\n");
}

TEST(Migrations, ChecksumsDoNotDependOnTheCheckout) {
  const auto checksum = [](std::string text) {
    return LoadFile("migrations/1_a.sql", std::move(text), sql::Dialect::kPostgres).checksum;
  };
  EXPECT_EQ(checksum("create table a ();\n\n"), checksum("create table a ();\r\n\r\n"));
  EXPECT_EQ(checksum("select 1\n"), checksum("\xef\xbb\xbfselect 1\n"));
  EXPECT_NE(checksum("select 1\n"), checksum("select 2\n"));
  EXPECT_NE(checksum("select '\r'"), checksum("select ''")) << "a lone carriage return is text";
}

}  // namespace
}  // namespace tidemill::files
