#include "server/storage.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/log.h"
#include "base/testing/temporary_folder.h"
#include "http/router.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "settings/settings.h"
#include "sqlite/database.h"

namespace tidemill::server {
namespace {

// What /ready says.
std::pair<int, std::string> AskReady(const Storage* storage) {
  const settings::Settings settings;
  Health health;
  if (storage != nullptr)
    health.dependencies.push_back({[storage] { return storage->problem(); }, Milliseconds(-1)});
  const metrics::Registry registry;
  http::Router router;
  AddHealthRoutes(router, settings, health, registry);
  const auto loop = net::testing::OpenLoop();
  std::vector<std::string_view> values;
  const auto* const found = router.Find("/ready", values);
  const http::Response response =
      net::testing::RunTask(*loop, found->For(http::Method::kGet)->handler->Handle(http::Request{}));
  return {response.status, response.body};
}

TEST(Storage, ReadyTellsOfDamage) {
  EXPECT_EQ(AskReady(nullptr).first, 200);
  const tidemill::testing::TemporaryFolder folder;
  sqlite::SqliteSettings settings{.path = folder.path() + "/t.db"};
  const sql::Call fill{.statement = sql::Statement("insert into t values (randomblob(100000))")};
  const auto loop = net::testing::OpenLoop();
  {
    metrics::Registry registry;
    const auto storage = Storage::Open(settings, registry);
    ASSERT_TRUE(storage) << storage.error().detail;
    sqlite::Database database(*loop, (*storage)->store());
    ASSERT_TRUE(
        net::testing::RunTask(*loop, database.Run({.statement = sql::Statement("create table t (b blob)")})));
    ASSERT_TRUE(net::testing::RunTask(*loop, database.Run(fill)));
    EXPECT_EQ(AskReady(storage->get()).first, 200);
  }
  {
    std::fstream file(settings.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file << std::string(4096, '\xff');
  }
  log::Configure({.level = log::Level::kOff});
  metrics::Registry registry;
  const auto storage = Storage::Open(settings, registry);
  ASSERT_TRUE(storage) << storage.error().detail;
  sqlite::Database database(*loop, (*storage)->store());
  EXPECT_FALSE(net::testing::RunTask(*loop, database.Run(fill)));
  EXPECT_EQ(AskReady(storage->get()),
            (std::pair{503, std::string(R"({"status":"storage damaged","why":"corrupt"})")}));
  log::Configure({});
}

}  // namespace
}  // namespace tidemill::server
