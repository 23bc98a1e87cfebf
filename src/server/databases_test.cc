#include "server/databases.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/log.h"
#include "base/testing/temporary_folder.h"
#include "http/router.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "postgres/database/database.h"
#include "server/schema_keeper.h"
#include "server/schemas.h"
#include "settings/settings.h"
#include "sqlite/database.h"

namespace tidemill::server {
namespace {

using Dependencies = std::vector<Health::Dependency>;
using net::testing::RunTask;

// What /ready says.
std::pair<int, std::string> AskReady(net::Loop& loop, Dependencies dependencies) {
  const settings::Settings settings;
  Health health;
  health.dependencies = std::move(dependencies);
  const metrics::Registry registry;
  http::Router router;
  AddHealthRoutes(router, settings, health, registry);
  std::vector<std::string_view> values;
  const auto* const found = router.Find("/ready", values);
  const http::Response response =
      RunTask(loop, found->For(http::Method::kGet)->handler->Handle(http::Request{}));
  return {response.status, response.body};
}

class DatabasesTest : public ::testing::Test {
 protected:
  // Its metrics live in a registry of its own.
  std::unique_ptr<Databases> Open() {
    registry_ = std::make_unique<metrics::Registry>();
    auto databases = Databases::Open({loop_.get()}, settings_, *registry_);
    EXPECT_TRUE(databases) << databases.error().detail;
    return databases ? *std::move(databases) : nullptr;
  }

  const tidemill::testing::TemporaryFolder folder_;
  settings::Settings settings_;
  std::unique_ptr<metrics::Registry> registry_;
  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
};

TEST_F(DatabasesTest, PostgresIsTheMainOneWhereBothAreGiven) {
  EXPECT_EQ(Open()->main(0), nullptr);
  settings_.sqlite.path = folder_.path() + "/t.db";
  {
    const auto databases = Open();
    EXPECT_EQ(databases->main(0), static_cast<sql::Database*>(databases->sqlite(0)));
    EXPECT_EQ(databases->main(0)->dialect(), sql::Dialect::kSqlite);
  }
  settings_.postgres.url = {"postgres://nobody@127.0.0.1:1/none"};
  const auto databases = Open();
  EXPECT_EQ(databases->main(0), static_cast<sql::Database*>(databases->postgres(0)));
  EXPECT_EQ(databases->main(0)->dialect(), sql::Dialect::kPostgres);
  EXPECT_NE(databases->sqlite(0), nullptr);
}

TEST_F(DatabasesTest, NobodyMakesTablesThatAreNotInUse) {
  EXPECT_TRUE(SchemasInUse(settings_).empty());
  settings_.queries.folder = folder_.path();
  ASSERT_EQ(SchemasInUse(settings_).size(), 1u);
  EXPECT_EQ(SchemasInUse(settings_)[0].module, "queries");
}

TEST_F(DatabasesTest, ReadyTellsOfDamage) {
  EXPECT_EQ(AskReady(*loop_, {}).first, 200);
  settings_.sqlite.path = folder_.path() + "/t.db";
  const sql::Call fill{.statement = sql::Statement("insert into t values (randomblob(100000))")};
  {
    const auto databases = Open();
    databases->ApplySchemas([] {});
    ASSERT_TRUE(net::testing::DriveUntil(
        *loop_, [&] { return AskReady(*loop_, databases->dependencies()).first == 200; }));
    ASSERT_TRUE(
        RunTask(*loop_, databases->main(0)->Run({.statement = sql::Statement("create table t (b blob)")})));
    ASSERT_TRUE(RunTask(*loop_, databases->main(0)->Run(fill)));
  }
  {
    std::fstream file(settings_.sqlite.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(0, std::ios::end);
    const std::streamoff bytes = file.tellg();
    file.seekp(4096);
    file << std::string(static_cast<std::size_t>(bytes) - 4096, '\xff');
  }
  log::Configure({.level = log::Level::kOff});
  const auto databases = Open();
  EXPECT_FALSE(RunTask(*loop_, databases->main(0)->Run(fill)));
  EXPECT_EQ(AskReady(*loop_, databases->dependencies()),
            (std::pair{503, std::string(R"({"status":"storage damaged","why":"corrupt"})")}));
  log::Configure({});
}

class SchemaKeeperTest : public DatabasesTest {
 protected:
  SchemaKeeperTest() {
    settings_.sqlite.path = folder_.path() + "/t.db";
    databases_ = Open();
    log::Configure({.level = log::Level::kOff});
  }
  ~SchemaKeeperTest() override { log::Configure({}); }

  SchemaKeeper Keeper(std::vector<sql::SchemaVersion> versions) {
    return {*loop_, *databases_->main(0), {{.module = "test", .versions = std::move(versions)}}, {}};
  }

  std::unique_ptr<Databases> databases_;
};

TEST_F(SchemaKeeperTest, AppliesWhatIsMissingAndIsReadyThen) {
  SchemaKeeper keeper = Keeper({{.postgres = {}, .sqlite = {"create table kept (n)"}}});
  const Dependencies all = {{[&] { return keeper.problem(); }, Milliseconds(-1)}};
  EXPECT_EQ(AskReady(*loop_, all).first, 503);
  keeper.Start([] {});
  ASSERT_TRUE(net::testing::RunUntil(*loop_, [&] { return !keeper.problem(); }));
  EXPECT_EQ(AskReady(*loop_, all).first, 200);
  EXPECT_TRUE(RunTask(*loop_, databases_->main(0)->Run({.statement = sql::Statement("select n from kept")})));
}

TEST_F(SchemaKeeperTest, LeavesTablesOfANewerProgramAlone) {
  SchemaKeeper newer = Keeper({{.postgres = {}, .sqlite = {"create table a (n)"}},
                               {.postgres = {}, .sqlite = {"create table b (n)"}}});
  newer.Start([] {});
  ASSERT_TRUE(net::testing::RunUntil(*loop_, [&] { return !newer.problem(); }));
  SchemaKeeper older = Keeper({{.postgres = {}, .sqlite = {"create table a (n)"}}});
  older.Start([] {});
  ASSERT_TRUE(net::testing::RunUntil(
      *loop_, [&] { return older.problem() && older.problem()->why != "not looked at yet"; }));
  EXPECT_TRUE(older.problem()->why.contains("test")) << older.problem()->why;
}

}  // namespace
}  // namespace tidemill::server
