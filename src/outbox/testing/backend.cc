#include "outbox/testing/backend.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/testing/temporary_folder.h"
#include "net/testing/run_task.h"
#include "outbox/schema.h"
#include "postgres/testing/on_loop.h"
#include "postgres/testing/pgbouncer.h"
#include "postgres/testing/postgres_server.h"
#include "sql/schema/apply_schema.h"
#include "sqlite/database.h"
#include "sqlite/metrics.h"
#include "sqlite/store.h"

namespace tidemill::outbox::testing {
namespace {

void ApplySchema(net::Loop& loop, sql::Database& database) {
  const std::vector<sql::Schema> schemas = {OutboxSchema()};
  const auto applied = net::testing::RunTask(loop, sql::ApplySchemas(loop, database, schemas, {}));
  EXPECT_TRUE(applied) << applied.error().detail;
}

class SqliteBackend final : public Backend {
 public:
  explicit SqliteBackend(net::Loop& loop)
      : store_(*sqlite::Store::Open({.path = folder_.path() + "/outbox.db"}, metrics_)),
        database_(loop, *store_) {
    ApplySchema(loop, database_);
  }
  sql::Database& database() override { return database_; }

 private:
  const tidemill::testing::TemporaryFolder folder_;
  metrics::Registry registry_;
  sqlite::Metrics metrics_{registry_};
  std::unique_ptr<sqlite::Store> store_;
  sqlite::Database database_;
};

using postgres::testing::PostgresServer;

// A database of its own on a server that all tests share.
class PostgresBackend final : public Backend {
 public:
  PostgresBackend(net::Loop& loop, PostgresServer& server, const postgres::Server& way)
      : loop_(loop),
        server_(server),
        name_("outbox_" + std::to_string(++count_)),
        opener_(postgres::testing::OpenerOf(UrlOf(server, way, name_))),
        database_(MakeDatabase(loop, *opener_, postgres::testing::PatientOptions(), metrics_)) {
    TM_ASSERT(net::testing::DriveUntil(loop, [this] { return !database_->down_since(); }));
    ApplySchema(loop, *database_);
  }
  ~PostgresBackend() override {
    database_.reset();
    for (int i = 0; i < 3; ++i) loop_.RunOnce({});
    server_.Run("drop database " + name_ + " with (force)");
  }
  sql::Database& database() override { return *database_; }

 private:
  static std::string UrlOf(const PostgresServer& server, const postgres::Server& way,
                           const std::string& name) {
    server.Run("create database " + name);
    return "postgres://postgres@127.0.0.1:" + std::to_string(way.port) + "/" + name;
  }

  static inline int count_ = 0;
  net::Loop& loop_;
  PostgresServer& server_;
  const std::string name_;
  metrics::Registry registry_;
  postgres::Metrics metrics_{registry_};
  std::unique_ptr<const postgres::SessionOpener> opener_;
  std::unique_ptr<postgres::Database> database_;
};

std::unique_ptr<Backend> BehindPgbouncer(net::Loop& loop) {
  PostgresServer& server = postgres::testing::SharedServer();
  static postgres::testing::Pgbouncer pgbouncer(server);
  return std::make_unique<PostgresBackend>(loop, server, pgbouncer.tcp());
}

std::unique_ptr<Backend> OnPostgres(net::Loop& loop, postgres::testing::Version version) {
  PostgresServer& server = postgres::testing::SharedServer(version);
  return std::make_unique<PostgresBackend>(loop, server, server.tcp());
}

}  // namespace

std::string Backend::PublishSql(const std::string& channel, const std::string& data, const std::string& key) {
  if (is_postgres()) {
    return fmt::format("select tidemill.publish('{}', '{}', key => nullif('{}', ''))", channel, data, key);
  }
  return fmt::format("insert into tidemill_outbox (target, data, key) values ('{}', '{}', '{}')", channel,
                     data, key);
}

std::vector<Param> Backends() {
  return {
      {"Sqlite", [](net::Loop& loop) { return std::make_unique<SqliteBackend>(loop); }},
      {"Postgres15", [](net::Loop& loop) { return OnPostgres(loop, postgres::testing::Version::kDebian); }},
      {"Postgres18", [](net::Loop& loop) { return OnPostgres(loop, postgres::testing::Version::k18); }},
      {"Pgbouncer", BehindPgbouncer},
  };
}

}  // namespace tidemill::outbox::testing
