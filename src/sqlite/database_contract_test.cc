// The embedded database under the contract of sql::Database.
#include "sql/testing/database_contract.h"

#include "base/testing/patience.h"
#include "base/testing/temporary_folder.h"
#include "sqlite/database.h"

namespace tidemill::sqlite {
namespace {

class SqliteBackend final : public sql::testing::Backend {
 public:
  explicit SqliteBackend(net::Loop& loop)
      : store_(*Store::Open(Settings(folder_.path()), metrics_)), database_(loop, *store_) {}
  sql::Database& database() override { return database_; }

 private:
  static SqliteSettings Settings(const std::string& folder) {
    const Duration never = tidemill::testing::kPatience;  // no machine is so busy
    return {.path = folder + "/contract.db",
            .busy_timeout = never,
            .statement_timeout = never,
            .transaction_timeout = never,
            .transaction_idle_timeout = never};
  }

  const tidemill::testing::TemporaryFolder folder_;
  metrics::Registry registry_;
  Metrics metrics_{registry_};
  const std::unique_ptr<Store> store_;
  Database database_;
};

const auto kParams = ::testing::Values(sql::testing::DatabaseParam{
    "Sqlite", [](net::Loop& loop) { return std::make_unique<SqliteBackend>(loop); }});

}  // namespace
}  // namespace tidemill::sqlite

namespace tidemill::sql::testing {

// The suites of roles, concurrent writers and locks of schemas are not for it: it has no roles, and one
// writer.
INSTANTIATE_TEST_SUITE_P(Sqlite, StatementContract, sqlite::kParams, StatementContract::Name);
INSTANTIATE_TEST_SUITE_P(Sqlite, ValueContract, sqlite::kParams, ValueContract::Name);
INSTANTIATE_TEST_SUITE_P(Sqlite, FailureContract, sqlite::kParams, FailureContract::Name);
INSTANTIATE_TEST_SUITE_P(Sqlite, LimitContract, sqlite::kParams, LimitContract::Name);
INSTANTIATE_TEST_SUITE_P(Sqlite, TransactionContract, sqlite::kParams, TransactionContract::Name);
INSTANTIATE_TEST_SUITE_P(Sqlite, StreamContract, sqlite::kParams, StreamContract::Name);
INSTANTIATE_TEST_SUITE_P(Sqlite, SchemaContract, sqlite::kParams, SchemaContract::Name);

}  // namespace tidemill::sql::testing
