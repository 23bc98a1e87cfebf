// What the tests rest on: servers that start, stop and follow as they are told.
#include "postgres/testing/postgres_server.h"

#include <gtest/gtest.h>

#include "base/testing/server_process.h"
#include "postgres/testing/each_version.h"

namespace tidemill::postgres {
namespace {

using testing::PostgresServer;
using tidemill::testing::WaitUntil;

TEST(PostgresServer, KeepsItsDataOverACrash) {
  PostgresServer server(
      {.lines = {"max_connections = 17"}, .sql = "create table t(i int); insert into t values (7)"});
  EXPECT_EQ(server.Run("show max_connections"), "17");
  server.Kill();
  EXPECT_FALSE(server.running());
  server.Restart();
  EXPECT_EQ(server.Run("select i, 'it''s' from t"), "7|it's");
  server.Shutdown();
  server.Restart();
  EXPECT_EQ(server.Run("select i from t"), "7");
}

TEST(PostgresServer, IsOfTheVersionAskedFor) {
  EXPECT_TRUE(PostgresServer().Run("show server_version").starts_with("15."));
  EXPECT_TRUE(
      PostgresServer({.version = testing::Version::k18}).Run("show server_version").starts_with("18."));
}

class PostgresServerOfEachVersion : public ::testing::TestWithParam<testing::Version> {};
INSTANTIATE_TEST_SUITE_P(Versions, PostgresServerOfEachVersion, testing::EachVersion(), testing::VersionName);

TEST_P(PostgresServerOfEachVersion, IsFollowedByAStandbyThatCanTakeItsPlace) {
  PostgresServer primary({.version = GetParam(), .sql = "create table t(i int)"});
  const auto standby = primary.MakeStandby();
  EXPECT_EQ(standby->Run("select pg_is_in_recovery()"), "t");
  primary.Run("insert into t values (1)");
  EXPECT_TRUE(WaitUntil([&] { return standby->Run("select count(*) from t") == "1"; }));
  primary.Kill();
  standby->Promote();
  standby->Run("insert into t values (2)");
  EXPECT_EQ(standby->Run("select count(*) from t"), "2");
}

}  // namespace
}  // namespace tidemill::postgres
