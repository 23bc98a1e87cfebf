#include "queries/idempotency/sweeper.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "base/testing/temporary_folder.h"
#include "metrics/metrics.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "queries/idempotency/schema.h"
#include "sql/schema/apply_schema.h"
#include "sqlite/database.h"

namespace tidemill::queries {
namespace {

TEST(IdempotencySweeper, DeletesWhatHasExpiredAllOfIt) {
  ManualClock clock;
  clock.Advance(SystemClock().Now() - clock.Now());  // the store's threads have the machine's
  const auto loop = net::testing::OpenLoop({.clock = &clock});
  const tidemill::testing::TemporaryFolder folder;
  metrics::Registry registry;
  sqlite::Metrics sqlite_metrics(registry);
  const auto store = *sqlite::Store::Open({.path = folder.path() + "/tidemill.db"}, sqlite_metrics);
  sqlite::Database database(*loop, *store);
  const std::vector<sql::Schema> schemas = {IdempotencySchema()};
  ASSERT_TRUE(net::testing::RunTask(*loop, sql::ApplySchemas(*loop, database, schemas, {})));
  const auto run = [&](const char* text) {
    return *net::testing::RunTask(*loop, database.Run({.statement = sql::Statement(text)}));
  };
  const std::string now = std::to_string(clock.WallNow().ms);
  run(("with recursive n(i) as (select 1 union all select i + 1 from n where i < 2500) insert into "
       "tidemill_idempotency select 'old' || i, '', x'', " +
       now + " from n")
          .c_str());
  run("insert into tidemill_idempotency values ('new', '', x'', 9000000000000)");

  IdempotencyMetrics metrics(registry);
  const FirstAnswers answers({});
  const IdempotencySweeper sweeper(*loop, database, answers, metrics);
  net::testing::RunTurns(*loop);
  EXPECT_EQ(metrics.deleted.value(), 0u);
  clock.Advance(Minutes(2));
  ASSERT_TRUE(net::testing::RunUntil(*loop, [&] { return metrics.deleted.value() == 2500; }));
  EXPECT_EQ(run("select id from tidemill_idempotency").rows[0][0].text, "new");
}

}  // namespace
}  // namespace tidemill::queries
