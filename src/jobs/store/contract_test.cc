#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "jobs/store/schema.h"
#include "jobs/store/sql_store.h"
#include "jobs/store/testing/memory_store.h"
#include "jobs/store/testing/store_contract.h"
#include "jobs/store/testing/store_reading_contract.h"
#include "postgres/testing/on_loop.h"
#include "postgres/testing/pgbouncer.h"
#include "postgres/testing/postgres_server.h"
#include "sql/schema/apply_schema.h"
#include "sqlite/testing/store_fixture.h"

namespace tidemill::jobs::testing {
namespace {

class MemoryBackend final : public StoreBackend {
 public:
  explicit MemoryBackend(net::Loop& loop) : loop_(loop) {}
  std::unique_ptr<Store> Open() override { return std::make_unique<MemoryStore>(loop_, tables_); }
  void Enqueue(std::string text) override { tables_->Enqueue(std::move(text)); }

 private:
  net::Loop& loop_;
  const std::shared_ptr<MemoryTables> tables_ = std::make_shared<MemoryTables>();
};

void ApplyJobsSchema(net::Loop& loop, sql::Database& database) {
  const std::vector<sql::Schema> schemas = {JobsSchema()};
  const auto applied = net::testing::RunTask(loop, sql::ApplySchemas(loop, database, schemas, {}));
  EXPECT_TRUE(applied) << applied.error().detail;
}

class SqliteBackend final : public StoreBackend {
 public:
  explicit SqliteBackend(net::Loop& loop)
      : loop_(loop),
        store_(*sqlite::Store::Open({.path = folder_.path() + "/jobs.db"}, metrics_)),
        database_(loop, *store_) {
    ApplyJobsSchema(loop, database_);
  }
  std::unique_ptr<Store> Open() override { return MakeSqlStore(loop_, database_, {}); }
  void Enqueue(std::string text) override {
    const auto done = net::testing::RunTask(
        loop_,
        database_.Run({.statement = sql::Statement("insert into tidemill_jobs_inbox (job) values (?1)"),
                       .parameters = {std::move(text)}}));
    EXPECT_TRUE(done) << done.error().message;
  }
  // SQLite's file is one process's.
  bool is_shared() const override { return false; }

 private:
  net::Loop& loop_;
  const tidemill::testing::TemporaryFolder folder_;
  metrics::Registry registry_;
  sqlite::Metrics metrics_{registry_};
  std::unique_ptr<sqlite::Store> store_;
  sqlite::Database database_;
};

using postgres::testing::PostgresServer;

// A database of its own on a server that all tests share, reached directly or through a pooler.
class PostgresBackend final : public StoreBackend {
 public:
  PostgresBackend(net::Loop& loop, PostgresServer& server, const postgres::Server& way)
      : loop_(loop),
        server_(server),
        name_("jobs_" + std::to_string(++count_)),
        opener_(postgres::testing::OpenerOf(UrlOf(server, way, name_))),
        database_(MakeDatabase(loop, *opener_, postgres::testing::PatientOptions(), metrics_)) {
    TM_ASSERT(net::testing::DriveUntil(loop, [this] { return !database_->down_since(); }));
    ApplyJobsSchema(loop, *database_);
  }
  ~PostgresBackend() override {
    database_.reset();
    for (int i = 0; i < 3; ++i) loop_.RunOnce({});
    server_.Run("drop database " + name_ + " with (force)");
  }
  std::unique_ptr<Store> Open() override { return MakeSqlStore(loop_, *database_, {}); }
  void Enqueue(std::string text) override {
    server_.Run("insert into tidemill.tidemill_jobs_inbox (job) values ('" + text + "')", name_);
  }

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

std::unique_ptr<StoreBackend> BehindPgbouncer(net::Loop& loop) {
  PostgresServer& server = postgres::testing::SharedServer();
  static postgres::testing::Pgbouncer pgbouncer(server);
  return std::make_unique<PostgresBackend>(loop, server, pgbouncer.tcp());
}

std::unique_ptr<StoreBackend> OnPostgres(net::Loop& loop, postgres::testing::Version version) {
  PostgresServer& server = postgres::testing::SharedServer(version);
  return std::make_unique<PostgresBackend>(loop, server, server.tcp());
}

const StoreParam kParams[] = {
    {"Memory", [](net::Loop& loop) { return std::make_unique<MemoryBackend>(loop); }},
    {"Sqlite", [](net::Loop& loop) { return std::make_unique<SqliteBackend>(loop); }},
    {"Postgres15", [](net::Loop& loop) { return OnPostgres(loop, postgres::testing::Version::kDebian); }},
    {"Postgres18", [](net::Loop& loop) { return OnPostgres(loop, postgres::testing::Version::k18); }},
    {"Pgbouncer", BehindPgbouncer},
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(All, StoreContract, ::testing::ValuesIn(kParams), StoreContract::Name);
INSTANTIATE_TEST_SUITE_P(All, StoreReadingContract, ::testing::ValuesIn(kParams), StoreReadingContract::Name);

}  // namespace tidemill::jobs::testing
