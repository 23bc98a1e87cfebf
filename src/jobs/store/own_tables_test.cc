// A database in which the tables of jobs are not there yet, or not any more.
#include <gtest/gtest.h>

#include <memory>

#include "jobs/store/sql_store.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "sqlite/testing/own_database.h"

namespace tidemill::jobs {
namespace {

TEST(SqlStore, SaysThatItsTablesAreNotThereYet) {
  const std::unique_ptr<net::Loop> loop = net::testing::OpenLoop();
  sqlite::testing::OwnDatabase own(*loop);
  const std::unique_ptr<Store> store = MakeSqlStore(*loop, own.database(), {});

  // What the engine takes for "ask again", and the API for error 115; no other node has the jobs.
  const auto lease = net::testing::RunTask(*loop, store->Acquire({.node = "n1"}));
  EXPECT_EQ(lease.error().code, Errc::kUnavailable) << lease.error().detail;
  EXPECT_TRUE(lease.error().detail.contains("the server's own tables are not there yet"));
  const auto inbox = net::testing::RunTask(*loop, store->LoadInbox(10));
  EXPECT_EQ(inbox.error().code, Errc::kUnavailable) << inbox.error().detail;
  const auto page =
      net::testing::RunTask(*loop, store->List({.place = Place::kDead, .filter = {}, .cursor = {}}));
  EXPECT_EQ(page.error().code, Errc::kUnavailable) << page.error().detail;
}

}  // namespace
}  // namespace tidemill::jobs
