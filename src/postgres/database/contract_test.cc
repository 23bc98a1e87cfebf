#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "postgres/database/database.h"
#include "postgres/testing/on_loop.h"
#include "postgres/testing/postgres_server.h"
#include "sql/testing/database_contract.h"

namespace tidemill::postgres {
namespace {

using sql::testing::Backend;
using sql::testing::DatabaseParam;
using testing::PostgresServer;

DatabaseOptions ContractOptions() {
  DatabaseOptions options = testing::PatientOptions();
  options.statement_timeout = {};
  options.pool.waiting_max = 20'000;
  options.limits.rows_max = 2'000'000;
  return options;
}

// A database of its own on the server that all tests share.
class PostgresBackend final : public Backend {
 public:
  PostgresBackend(net::Loop& loop, PostgresServer& server)
      : server_(server),
        name_("contract_" + std::to_string(++count_)),
        loop_(loop),
        opener_(testing::OpenerOf(UrlOf(server, name_))),
        database_(MakeDatabase(loop, *opener_, ContractOptions(), metrics_)) {
    TM_ASSERT(testing::DriveUntil(loop, [this] { return !database_->down_since(); }));
  }
  ~PostgresBackend() override {
    database_.reset();
    for (int i = 0; i < 3; ++i) loop_.RunOnce({});
    server_.Run("drop database " + name_ + " with (force)");
  }
  sql::Database& database() override { return *database_; }

 private:
  static std::string UrlOf(const PostgresServer& server, const std::string& name) {
    server.Run("create database " + name);
    return "postgres://postgres@127.0.0.1:" + std::to_string(server.port()) + "/" + name;
  }

  static inline int count_ = 0;
  PostgresServer& server_;
  const std::string name_;
  net::Loop& loop_;
  metrics::Registry registry_;
  Metrics metrics_{registry_};
  std::unique_ptr<const SessionOpener> opener_;
  std::unique_ptr<Database> database_;
};

const DatabaseParam kParams[] = {
    {"Postgres15",
     [](net::Loop& loop) { return std::make_unique<PostgresBackend>(loop, testing::SharedServer()); }},
    {"Postgres18",
     [](net::Loop& loop) {
       return std::make_unique<PostgresBackend>(loop, testing::SharedServer(testing::Version::k18));
     }},
};

}  // namespace
}  // namespace tidemill::postgres

namespace tidemill::sql::testing {

INSTANTIATE_TEST_SUITE_P(Postgres, StatementContract, ::testing::ValuesIn(postgres::kParams),
                         StatementContract::Name);
INSTANTIATE_TEST_SUITE_P(Postgres, ValueContract, ::testing::ValuesIn(postgres::kParams),
                         ValueContract::Name);
INSTANTIATE_TEST_SUITE_P(Postgres, FailureContract, ::testing::ValuesIn(postgres::kParams),
                         FailureContract::Name);
INSTANTIATE_TEST_SUITE_P(Postgres, LimitContract, ::testing::ValuesIn(postgres::kParams),
                         LimitContract::Name);
INSTANTIATE_TEST_SUITE_P(Postgres, StreamContract, ::testing::ValuesIn(postgres::kParams),
                         StreamContract::Name);
INSTANTIATE_TEST_SUITE_P(Postgres, TransactionContract, ::testing::ValuesIn(postgres::kParams),
                         TransactionContract::Name);
INSTANTIATE_TEST_SUITE_P(Postgres, ConcurrentWritersContract, ::testing::ValuesIn(postgres::kParams),
                         ConcurrentWritersContract::Name);
INSTANTIATE_TEST_SUITE_P(Postgres, SchemaContract, ::testing::ValuesIn(postgres::kParams),
                         SchemaContract::Name);
INSTANTIATE_TEST_SUITE_P(Postgres, SchemaLockContract, ::testing::ValuesIn(postgres::kParams),
                         SchemaLockContract::Name);
INSTANTIATE_TEST_SUITE_P(Postgres, RolesContract, ::testing::ValuesIn(postgres::kParams),
                         RolesContract::Name);
INSTANTIATE_TEST_SUITE_P(Postgres, SettingsContract, ::testing::ValuesIn(postgres::kParams),
                         SettingsContract::Name);

}  // namespace tidemill::sql::testing
