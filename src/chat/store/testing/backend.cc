#include "chat/store/testing/backend.h"

#include <gtest/gtest.h>

#include "chat/store/schema.h"
#include "net/testing/run_task.h"
#include "postgres/testing/own_database.h"
#include "sql/schema/apply_schema.h"
#include "sqlite/testing/own_database.h"

namespace tidemill::chat::testing {
namespace {

using postgres::testing::SharedPooler;
using postgres::testing::SharedServer;

void ApplySchema(net::Loop& loop, sql::Database& database) {
  const std::vector<sql::Schema> schemas = {ChatSchema()};
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
  template <class... Where>
  explicit PostgresBackend(net::Loop& loop, const Where&... where) : own_(loop, where..., "chat") {
    ApplySchema(loop, own_.database());
  }
  sql::Database& database() override { return own_.database(); }

 private:
  postgres::testing::OwnDatabase own_;
};

}  // namespace

std::vector<Param> BackendOfEachDialect() {
  return {
      {"Sqlite", [](net::Loop& loop) { return std::make_unique<SqliteBackend>(loop); }},
      {"Postgres15",
       [](net::Loop& loop) {
         return std::make_unique<PostgresBackend>(loop, postgres::testing::Version::kDebian);
       }},
  };
}

std::vector<Param> Backends() {
  std::vector<Param> params = BackendOfEachDialect();
  params.push_back({"Postgres18", [](net::Loop& loop) {
                      return std::make_unique<PostgresBackend>(loop, postgres::testing::Version::k18);
                    }});
  params.push_back({"Pgbouncer", [](net::Loop& loop) {
                      return std::make_unique<PostgresBackend>(loop, SharedServer(), SharedPooler());
                    }});
  return params;
}

}  // namespace tidemill::chat::testing
