#include "outbox/testing/backend.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "net/testing/run_task.h"
#include "outbox/schema.h"
#include "postgres/testing/own_database.h"
#include "sql/schema/apply_schema.h"
#include "sqlite/testing/own_database.h"

namespace tidemill::outbox::testing {
namespace {

void ApplySchema(net::Loop& loop, sql::Database& database) {
  const std::vector<sql::Schema> schemas = {OutboxSchema()};
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
  explicit PostgresBackend(net::Loop& loop, const Where&... where) : own_(loop, where..., "outbox") {
    ApplySchema(loop, own_.database());
  }
  sql::Database& database() override { return own_.database(); }

 private:
  postgres::testing::OwnDatabase own_;
};

}  // namespace

std::string Backend::PublishSql(const std::string& channel, const std::string& data, const std::string& key) {
  if (is_postgres()) {
    return fmt::format("select tidemill.publish('{}', '{}', key => nullif('{}', ''))", channel, data, key);
  }
  return fmt::format("insert into tidemill_outbox (target, data, key) values ('{}', '{}', '{}')", channel,
                     data, key);
}

std::vector<Param> Backends() {
  using postgres::testing::SharedPooler;
  using postgres::testing::SharedServer;
  using postgres::testing::Version;
  return {
      {"Sqlite", [](net::Loop& loop) { return std::make_unique<SqliteBackend>(loop); }},
      {"Postgres15",
       [](net::Loop& loop) { return std::make_unique<PostgresBackend>(loop, Version::kDebian); }},
      {"Postgres18", [](net::Loop& loop) { return std::make_unique<PostgresBackend>(loop, Version::k18); }},
      {"Pgbouncer",
       [](net::Loop& loop) {
         return std::make_unique<PostgresBackend>(loop, SharedServer(), SharedPooler());
       }},
  };
}

}  // namespace tidemill::outbox::testing
