#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "jobs/store/schema.h"
#include "jobs/store/sql_store.h"
#include "jobs/store/testing/memory_store.h"
#include "jobs/store/testing/store_contract.h"
#include "jobs/store/testing/store_reading_contract.h"
#include "postgres/testing/own_database.h"
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

using postgres::testing::SharedPooler;
using postgres::testing::SharedServer;
using postgres::testing::Version;

// Reached directly or through a pooler.
class PostgresBackend final : public StoreBackend {
 public:
  template <class... Where>
  explicit PostgresBackend(net::Loop& loop, const Where&... where)
      : loop_(loop), own_(loop, where..., "jobs") {
    ApplyJobsSchema(loop, own_.database());
  }
  std::unique_ptr<Store> Open() override { return MakeSqlStore(loop_, own_.database(), {}); }
  void Enqueue(std::string text) override {
    own_.Run("insert into tidemill.tidemill_jobs_inbox (job) values ('" + text + "')");
  }

 private:
  net::Loop& loop_;
  postgres::testing::OwnDatabase own_;
};

const StoreParam kParams[] = {
    {"Memory", [](net::Loop& loop) { return std::make_unique<MemoryBackend>(loop); }},
    {"Sqlite", [](net::Loop& loop) { return std::make_unique<SqliteBackend>(loop); }},
    {"Postgres15", [](net::Loop& loop) { return std::make_unique<PostgresBackend>(loop, Version::kDebian); }},
    {"Postgres18", [](net::Loop& loop) { return std::make_unique<PostgresBackend>(loop, Version::k18); }},
    {"Pgbouncer",
     [](net::Loop& loop) { return std::make_unique<PostgresBackend>(loop, SharedServer(), SharedPooler()); }},
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(All, StoreContract, ::testing::ValuesIn(kParams), StoreContract::Name);
INSTANTIATE_TEST_SUITE_P(All, StoreReadingContract, ::testing::ValuesIn(kParams), StoreReadingContract::Name);

}  // namespace tidemill::jobs::testing
