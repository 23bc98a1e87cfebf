// A connection to Postgres that is lost around a commit: what is answered is what has happened.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "jobs/store/schema.h"
#include "jobs/store/sql_store.h"
#include "jobs/store/testing/flush_model.h"
#include "net/testing/run_task.h"
#include "postgres/testing/lossy_proxy.h"
#include "postgres/testing/on_loop.h"
#include "postgres/testing/postgres_server.h"
#include "sql/schema/apply_schema.h"

namespace tidemill::jobs {
namespace {

using net::testing::DriveUntil;
using postgres::testing::LossyProxy;
using postgres::testing::OnLoop;
using testing::DifferenceAfter;
using testing::FlushModel;

constexpr std::uint64_t kSeed = 7;

postgres::DatabaseOptions OneConnection() {
  postgres::DatabaseOptions options = postgres::testing::PatientOptions();
  options.pool.shared_connections = 1;
  options.pool.reconnect_delay_max = Milliseconds(20);
  return options;
}

// A store behind a proxy, in a schema of its own.
class Node {
 public:
  explicit Node(const std::string& name)
      : proxy(postgres::testing::SharedServer().tcp()),
        db("postgres://postgres@127.0.0.1:" + std::to_string(proxy.port()) + "/postgres?sslmode=disable",
           OneConnection()) {
    const std::vector<sql::Schema> schemas = {JobsSchema()};
    const auto applied = db.Wait(
        sql::ApplySchemas(*db.loop, *db.database, schemas, {.postgres_schema = name, .applied_by = {}}));
    EXPECT_TRUE(applied) << applied.error().detail;
    store = MakeSqlStore(*db.loop, *db.database, {.postgres_schema = name});
    EXPECT_EQ(db.Wait(store->Acquire({.node = "n1", .ttl = Hours(1)}))->epoch, 1u);
  }

  Result<> Commit(const Flush& flush) { return db.Wait(store->Commit(std::make_shared<const Flush>(flush))); }
  // Begins, and gives what it comes to in `result`.
  void Begin(const Flush& flush) {
    result.reset();
    scope.Spawn(net::testing::Keep(store->Commit(std::make_shared<const Flush>(flush)), result));
  }
  bool AwaitResult() {
    return DriveUntil(*db.loop, [this] { return result.has_value(); });
  }

  LossyProxy proxy;
  OnLoop db;
  std::unique_ptr<Store> store;
  std::optional<Result<>> result;
  TaskScope scope;
};

class LostAnswer : public ::testing::Test {
 protected:
  LostAnswer() { log::Configure({.level = log::Level::kOff}); }
  ~LostAnswer() override { log::Configure({}); }
};

TEST_F(LostAnswer, IsFoundOutWhereverTheServersAnswerIsCut) {
  Node node("cut");
  FlushModel model(kSeed);
  std::uint64_t kept = 0;
  for (; kept < 20; ++kept) ASSERT_TRUE(node.Commit(model.Next(1)));
  int cuts = 0;
  for (std::size_t bytes = 0; bytes < 400; bytes += bytes < 30 ? 3 : 17) {
    node.proxy.Heal();
    ASSERT_TRUE(DriveUntil(*node.db.loop, [&] { return !node.db.database->down_since(); }));
    node.proxy.CutAfter(bytes);
    const Flush flush = model.Next(1);
    node.Begin(flush);
    ASSERT_TRUE(DriveUntil(*node.db.loop, [&] { return node.result || node.db.database->down_since(); }));
    cuts += node.result ? 0 : 1;
    node.proxy.Heal();
    ASSERT_TRUE(node.AwaitResult());
    // The server has got all of it.
    EXPECT_TRUE(*node.result) << node.result->error().detail;
    ++kept;
    ASSERT_EQ(DifferenceAfter(*node.db.loop, *node.store, kSeed, kept), "") << bytes;
  }
  EXPECT_GT(cuts, 12);
}

TEST_F(LostAnswer, AFlushThatNeverReachedTheServerIsAnErrorAndItsNumberIsUsedAgain) {
  Node node("never");
  FlushModel model(kSeed);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(node.Commit(model.Next(1)));
  const Flush flush = model.Next(1);
  node.proxy.HoldNext("flushes");  // the key of a record that is in each flush
  node.Begin(flush);
  ASSERT_TRUE(node.AwaitResult());
  ASSERT_FALSE(*node.result);
  EXPECT_EQ(node.result->error().code, Errc::kUnavailable);
  EXPECT_EQ(DifferenceAfter(*node.db.loop, *node.store, kSeed, 5), "");
  ASSERT_TRUE(node.Commit(flush));
  EXPECT_EQ(DifferenceAfter(*node.db.loop, *node.store, kSeed, 6), "");
}

TEST_F(LostAnswer, AFlushThatReachesTheServerAfterItWasAnsweredChangesNothing) {
  Node node("ghost");
  FlushModel model(kSeed);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(node.Commit(model.Next(1)));
  const Flush flush = model.Next(1);
  node.proxy.HoldNext("flushes");
  node.Begin(flush);
  ASSERT_TRUE(node.AwaitResult());
  ASSERT_FALSE(*node.result);
  const std::string answer = node.proxy.Deliver();
  EXPECT_TRUE(answer.contains("23502")) << answer;  // not_null_violation: the fence
  EXPECT_EQ(DifferenceAfter(*node.db.loop, *node.store, kSeed, 5), "");
  ASSERT_TRUE(node.Commit(flush));
  EXPECT_EQ(DifferenceAfter(*node.db.loop, *node.store, kSeed, 6), "");
}

TEST_F(LostAnswer, WhoFindsAnotherOwnerAfterwardsIsToldThatTheEpochIsOver) {
  Node node("taken");
  FlushModel model(kSeed);
  ASSERT_TRUE(node.Commit(model.Next(1)));
  OnLoop other(postgres::testing::SharedServer().url());
  ASSERT_TRUE(other.Run("update taken.tidemill_jobs_owner set epoch = 2, flush = 0, holder = 'x'"));
  EXPECT_EQ(node.Commit(model.Next(1)).error().code, Errc::kPermissionDenied);
  EXPECT_EQ(DifferenceAfter(*node.db.loop, *node.store, kSeed, 1), "");
}

}  // namespace
}  // namespace tidemill::jobs
