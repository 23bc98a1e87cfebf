#include "accounts/testing/backend.h"

#include <gtest/gtest.h>

#include "accounts/schema.h"
#include "net/testing/run_task.h"
#include "postgres/testing/own_database.h"
#include "sql/schema/apply_schema.h"
#include "sqlite/testing/own_database.h"

namespace tidemill::accounts::testing {
namespace {

void ApplySchema(net::Loop& loop, sql::Database& database) {
  const std::vector<sql::Schema> schemas = {AccountsSchema()};
  const auto applied = net::testing::RunTask(loop, sql::ApplySchemas(loop, database, schemas, {}));
  EXPECT_TRUE(applied) << applied.error().detail;
}

class SqliteBackend final : public Backend {
 public:
  explicit SqliteBackend(net::Loop& loop) : own_(loop) { ApplySchema(loop, own_.database()); }
  sql::Database& database() override { return own_.database(); }

 private:
  sqlite::testing::OwnDatabase own_;
};

class PostgresBackend final : public Backend {
 public:
  PostgresBackend(net::Loop& loop, postgres::testing::Version version) : own_(loop, version, "accounts") {
    ApplySchema(loop, own_.database());
  }
  sql::Database& database() override { return own_.database(); }

 private:
  postgres::testing::OwnDatabase own_;
};

}  // namespace

std::unique_ptr<Backend> MakeSqliteBackend(net::Loop& loop) { return std::make_unique<SqliteBackend>(loop); }

std::vector<Param> Backends() {
  using postgres::testing::Version;
  return {
      {"Sqlite", MakeSqliteBackend},
      {"Postgres15",
       [](net::Loop& loop) { return std::make_unique<PostgresBackend>(loop, Version::kDebian); }},
      {"Postgres18", [](net::Loop& loop) { return std::make_unique<PostgresBackend>(loop, Version::k18); }},
  };
}

}  // namespace tidemill::accounts::testing
