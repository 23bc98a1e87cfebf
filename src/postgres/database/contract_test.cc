#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "postgres/database/database.h"
#include "postgres/testing/own_database.h"
#include "sql/testing/database_contract.h"

namespace tidemill::postgres {
namespace {

using sql::testing::Backend;
using sql::testing::DatabaseParam;

DatabaseOptions ContractOptions() {
  DatabaseOptions options = testing::PatientOptions();
  options.statement_timeout = {};
  options.pool.waiting_max = 20'000;
  options.limits.rows_max = 2'000'000;
  return options;
}

class PostgresBackend final : public Backend {
 public:
  PostgresBackend(net::Loop& loop, testing::Version version)
      : own_(loop, version, "contract", ContractOptions()) {}
  sql::Database& database() override { return own_.database(); }

 private:
  testing::OwnDatabase own_;
};

const DatabaseParam kParams[] = {
    {"Postgres15",
     [](net::Loop& loop) { return std::make_unique<PostgresBackend>(loop, testing::Version::kDebian); }},
    {"Postgres18",
     [](net::Loop& loop) { return std::make_unique<PostgresBackend>(loop, testing::Version::k18); }},
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
