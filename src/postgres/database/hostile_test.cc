#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "net/task_scope.h"
#include "postgres/testing/fake_server.h"
#include "postgres/testing/on_loop.h"
#include "postgres/testing/pgbouncer.h"
#include "postgres/testing/postgres_server.h"

namespace tidemill::postgres {
namespace {

using sql::FailureKind;
using testing::CuttingProxy;
using testing::DriveUntil;
using testing::OnLoop;

struct Given {
  std::optional<sql::Result<sql::RunResult>> rows;
  std::optional<sql::Result<std::vector<sql::RunResult>>> all;
};

Task<void> Ask(Database& database, Given& given) {
  given.rows = co_await database.Run(
      {.statement = sql::Statement("select n, 'x', '\\x00'::bytea from generate_series(1, 3) n")});
  std::vector<sql::Call> calls;
  calls.push_back({.statement = sql::Statement("select 1")});
  calls.push_back({.statement = sql::Statement("select 1 / 0")});
  given.all = co_await database.RunAll(std::move(calls));
}

// Answers that are cut at every byte: the calls end, and none has what was not said.
TEST(HostileServer, CutsTheConversationAtEveryByte) {
  CuttingProxy proxy(testing::SharedServer().tcp());
  const std::string url =
      "postgres://postgres@127.0.0.1:" + std::to_string(proxy.port()) + "/postgres?sslmode=disable";
  const auto opener = testing::OpenerOf(url);
  metrics::Registry registry;
  Metrics metrics(registry);
  DatabaseOptions options = testing::PatientOptions();
  options.pool.shared_connections = 1;
  std::size_t first = 0;
  {
    OnLoop whole(url, options);
    first = proxy.passed();  // before the first question
  }
  int complete = 0;
  int cut = 0;
  for (std::size_t bytes = first; bytes < first + 2'000 && complete < 3; ++bytes) {
    proxy.SetPlan({.bytes = bytes});
    const auto loop = net::testing::OpenLoop();
    auto database = MakeDatabase(*loop, *opener, options, metrics);
    const auto failures = metrics.connect_failures.value();
    ASSERT_TRUE(DriveUntil(
        *loop, [&] { return !database->down_since() || metrics.connect_failures.value() > failures; }));
    Given given;
    TaskScope scope;
    scope.Spawn(Ask(*database, given));
    ASSERT_TRUE(DriveUntil(*loop, [&] { return given.all.has_value(); })) << bytes;
    if (*given.rows) {
      EXPECT_EQ((*given.rows)->rows.size(), 3u);
      EXPECT_EQ((*given.rows)->rows[2][0].text, "3");
    } else {
      EXPECT_EQ(given.rows->error().kind, FailureKind::kUnavailable) << given.rows->error().message;
      ++cut;
    }
    ASSERT_FALSE(*given.all);
    if (given.all->error().code == "22012") ++complete;
    database.reset();
    net::testing::RunTurns(*loop);
  }
  EXPECT_EQ(complete, 3) << "long enough to have been cut everywhere";
  EXPECT_GT(cut, 100);
}

TEST(HostileServer, BytesOneByOneAreTheSame) {
  CuttingProxy proxy(testing::SharedServer().tcp());
  proxy.SetPlan({.one_by_one = true});
  OnLoop db("postgres://postgres@127.0.0.1:" + std::to_string(proxy.port()) + "/postgres?sslmode=disable");
  const auto result = db.Run("select n, repeat('x', n) from generate_series(1, 50) n");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->rows.size(), 50u);
  EXPECT_EQ(result->rows[49][1].text, std::string(50, 'x'));
}

TEST(HostileServer, AStallEndsTheConnection) {
  CuttingProxy proxy(testing::SharedServer().tcp());
  proxy.SetPlan({.bytes = 100'000, .then = CuttingProxy::Then::kStall});
  const std::string url =
      "postgres://postgres@127.0.0.1:" + std::to_string(proxy.port()) + "/postgres?sslmode=disable";
  sql::Failure failure{.kind = FailureKind::kTimeout};
  // A server on a busy machine may end the statement itself before it has sent so much.
  for (std::int64_t ms = 300; failure.kind == FailureKind::kTimeout && ms < tidemill::testing::kPatience.ms;
       ms *= 2) {
    DatabaseOptions options = testing::PatientOptions();
    options.io_timeout = Milliseconds(ms);
    options.statement_timeout = Milliseconds(ms);
    OnLoop db(url, options);
    const auto result = db.Run("select repeat('x', 1000) from generate_series(1, 1000) n");
    ASSERT_FALSE(result);
    failure = result.error();
  }
  EXPECT_EQ(failure.kind, FailureKind::kUnavailable);
  EXPECT_EQ(failure.message, "PostgreSQL: no answer in time");
}

// A pooler that lends connections for one transaction: nothing is left in a session, and all else works.
TEST(BehindAPooler, StatementsAreUnnamedAndLimitsHold) {
  testing::Pgbouncer pooler(testing::SharedServer());
  DatabaseOptions options = testing::PatientOptions();
  options.pool.shared_connections = 4;
  OnLoop db(pooler.url(), options);
  const sql::Statement echo("select $1::text, '\\x0102'::bytea");
  for (int i = 0; i < 200; ++i) {
    const auto result = db.Run({.statement = echo,
                                .parameters = {std::to_string(i)},
                                .access = i % 2 == 0 ? sql::Access::kRead : sql::Access::kWrite});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->rows[0][0].text, std::to_string(i));
    EXPECT_EQ(result->rows[0][1].text, "\1\2");
  }
  EXPECT_EQ(db.metrics.prepared.value(), 0);
  const auto refused =
      db.Run({.statement = sql::Statement("create table no()"), .access = sql::Access::kRead});
  EXPECT_EQ(refused.error().kind, FailureKind::kReadOnly);
  ASSERT_TRUE(db.Run("drop table if exists pooled"));
  ASSERT_TRUE(db.Run("create table pooled(n int primary key)"));
  auto transaction = db.Wait(db.database->Begin({}));
  ASSERT_TRUE(transaction);
  ASSERT_TRUE(db.Wait((*transaction)->Run({.statement = sql::Statement("insert into pooled values (1)")})));
  ASSERT_TRUE(db.Wait((*transaction)->Commit()));
  auto stream =
      db.Wait(db.database->Stream({.statement = sql::Statement("select n from generate_series(1, 1000) n")}));
  ASSERT_TRUE(stream);
  std::size_t rows = 0;
  for (auto piece = db.Wait((*stream)->Next()); piece && *piece; piece = db.Wait((*stream)->Next())) {
    rows += (*piece)->size();
  }
  EXPECT_EQ(rows, 1000u);
  sql::Call late{.statement = sql::Statement("select pg_sleep(30)"), .access = sql::Access::kRead};
  late.limits.deadline = SystemClock().Now() + Milliseconds(200);
  EXPECT_EQ(db.Run(late).error().kind, FailureKind::kTimeout);
  EXPECT_TRUE(db.Run("select 1"));
}

}  // namespace
}  // namespace tidemill::postgres
