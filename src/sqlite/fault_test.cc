// The disk fails: at each operation in turn, in each way, and for good.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "base/log.h"
#include "sqlite/testing/fault_vfs.h"
#include "sqlite/testing/store_fixture.h"

namespace tidemill::sqlite {
namespace {

using testing::Bench;
using testing::Fault;
using testing::FaultVfs;

const sql::Statement kInsert("insert into t (id, filler) values (?1, ?2)");

struct Outcomes {
  std::set<std::int64_t> acknowledged;
  std::set<std::int64_t> refused;  // with Effect::kNone
  std::size_t failures = 0;
};

template <class T>
T Await(Bench& bench, Task<T> task) {
  return net::testing::RunTask(*bench.loop, std::move(task));
}

Task<void> Insert(Database& database, std::int64_t id, Outcomes& outcomes) {
  const auto result =
      co_await database.Run({.statement = kInsert, .parameters = {id, std::string(700, 'x')}});
  if (result) {
    outcomes.acknowledged.insert(id);
  } else {
    ++outcomes.failures;
    const sql::FailureKind kind = result.error().kind;
    EXPECT_TRUE(kind == sql::FailureKind::kUnavailable || kind == sql::FailureKind::kFull) << Name(kind);
    if (result.error().effect == sql::Effect::kNone) outcomes.refused.insert(id);
  }
}

// Rounds of inserts, alone and several at once; between them the log is copied into the file.
void WriteRounds(Bench& bench, Outcomes& outcomes) {
  std::int64_t id = 0;
  for (int round = 0; round < 3; ++round) {
    for (const int together : {1, 1, 3}) {
      TaskScope scope;
      for (int i = 0; i < together; ++i) scope.Spawn(Insert(*bench.database, ++id, outcomes));
      ASSERT_TRUE(net::testing::DriveUntil(*bench.loop, [&] { return scope.running() == 0; }));
    }
    const MonotonicTime idle = SystemClock().Now() + Milliseconds(14);
    net::testing::DriveUntil(*bench.loop, [&] { return SystemClock().Now() >= idle; });
  }
}

class FaultTest : public ::testing::Test {
 protected:
  FaultTest() { log::Configure({.level = log::Level::kOff}); }
  ~FaultTest() override { log::Configure({}); }

  SqliteSettings Settings(const std::string& folder) {
    return {
        .path = folder + "/tidemill.db", .readers = 2, .wal_checkpoint_bytes = 8000, .wal_bytes_max = 16'000};
  }

  void Create(const std::string& folder) {
    Bench bench(Settings(folder));
    ASSERT_TRUE(Await(
        bench, bench.database->Run(
                   {.statement = sql::Statement("create table t (id integer primary key, filler text)")})));
  }

  // Reads them with a healthy disk.
  static std::set<std::int64_t> Stored(const std::string& path) {
    EXPECT_EQ(testing::IntegrityOf(path), "ok");
    Bench bench({.path = path, .readers = 2});
    const auto result = Await(bench, bench.database->Run({.statement = sql::Statement("select id from t"),
                                                          .access = sql::Access::kRead}));
    std::set<std::int64_t> ids;
    if (!result) {
      ADD_FAILURE() << result.error().message;
      return ids;
    }
    for (std::size_t i = 0; i < result->rows.size(); ++i)
      ids.insert(result->rows[i][0].AsInteger().value_or(-1));
    return ids;
  }

  static void Compare(const std::set<std::int64_t>& stored, const Outcomes& outcomes) {
    for (const std::int64_t id : outcomes.acknowledged) EXPECT_TRUE(stored.contains(id)) << id << " is lost";
    for (const std::int64_t id : outcomes.refused) EXPECT_FALSE(stored.contains(id)) << id << " was refused";
  }

  // Fails the n-th operation for every n, until none is left to fail.
  void FailEach(Fault fault, std::size_t step) {
    std::size_t n = 1;
    for (;; n += step) {
      SCOPED_TRACE("operation " + std::to_string(n));
      const tidemill::testing::TemporaryFolder folder;
      Create(folder.path());
      FaultVfs vfs(FaultVfs::Remembers::kNothing);
      Outcomes outcomes;
      {
        Bench bench(Settings(folder.path()), vfs.name());
        vfs.FailAt(n, fault);
        WriteRounds(bench, outcomes);
        EXPECT_LE(outcomes.failures, 3u) << "the writer goes on";
        EXPECT_EQ(outcomes.acknowledged.size() + outcomes.failures, 15u);
        EXPECT_TRUE(net::testing::DriveUntil(*bench.loop, [&] { return !bench.store->problem(); }));
      }
      Compare(Stored(folder.path() + "/tidemill.db"), outcomes);
      if (!vfs.has_failed() || ::testing::Test::HasFailure()) break;
    }
    EXPECT_GT(n, 40u) << "there were operations to fail";
  }

  // Cuts the power at the n-th operation for every n.
  void CutEach(FaultVfs::Kept kept, std::size_t first, std::size_t step) {
    std::size_t n = first;
    for (;; n += step) {
      SCOPED_TRACE("operation " + std::to_string(n));
      const tidemill::testing::TemporaryFolder folder;
      const tidemill::testing::TemporaryFolder survivors;
      Create(folder.path());
      FaultVfs vfs(FaultVfs::Remembers::kSynced);
      Outcomes outcomes;
      {
        Bench bench(Settings(folder.path()), vfs.name());
        vfs.FailAt(n, Fault::kPowerCut);
        WriteRounds(bench, outcomes);
        vfs.WriteSurvivors(survivors.path(), kept);
      }
      outcomes.refused.clear();  // what the machine said after its death
      Compare(Stored(survivors.path() + "/tidemill.db"), outcomes);
      if (!vfs.has_failed() || ::testing::Test::HasFailure()) break;
    }
    EXPECT_GT(n, 40u) << "there were operations to cut";
  }
};

TEST_F(FaultTest, AnErrorAtAnyOperation) { FailEach(Fault::kIoError, 2); }
TEST_F(FaultTest, AFullDiskAtAnyOperation) { FailEach(Fault::kFull, 2); }
TEST_F(FaultTest, AShortWriteAtAnyOperation) { FailEach(Fault::kShortWrite, 2); }
TEST_F(FaultTest, PowerFailsAtAnyOperationAndWhatWasNotSyncedIsLost) {
  CutEach(FaultVfs::Kept::kSynced, 1, 2);
}
TEST_F(FaultTest, PowerFailsAtAnyOperationAndHalfOfTheRestIsThere) {
  CutEach(FaultVfs::Kept::kSyncedAndHalfOfTheRest, 2, 2);
}

// That the tests above could fail.
TEST_F(FaultTest, WithoutSyncsThePowerFailureLosesWhatWasAcknowledged) {
  const tidemill::testing::TemporaryFolder folder;
  const tidemill::testing::TemporaryFolder survivors;
  Create(folder.path());
  FaultVfs vfs(FaultVfs::Remembers::kSynced);
  Outcomes outcomes;
  {
    SqliteSettings settings = Settings(folder.path());
    settings.synchronous = "normal";
    settings.wal_checkpoint_bytes = settings.wal_bytes_max = 1u << 30;
    Bench bench(settings, vfs.name());
    WriteRounds(bench, outcomes);
    vfs.WriteSurvivors(survivors.path(), FaultVfs::Kept::kSynced);
    vfs.FailAll(Fault::kPowerCut);
  }
  EXPECT_EQ(outcomes.acknowledged.size(), 15u);
  EXPECT_LT(Stored(survivors.path() + "/tidemill.db").size(), 15u);
}

TEST_F(FaultTest, AFullDiskIsSaidUntilThereIsRoom) {
  const tidemill::testing::TemporaryFolder folder;
  Create(folder.path());
  FaultVfs vfs(FaultVfs::Remembers::kNothing);
  Bench bench(Settings(folder.path()), vfs.name());
  Outcomes outcomes;
  vfs.FailAll(Fault::kFull);
  WriteRounds(bench, outcomes);
  EXPECT_EQ(outcomes.failures, 15u);
  ASSERT_TRUE(bench.store->problem());
  EXPECT_EQ(bench.store->problem()->kind, sql::FailureKind::kFull);
  EXPECT_TRUE(bench.database->down_since());
  const auto read = Await(bench, bench.database->Run({.statement = sql::Statement("select count(*) from t"),
                                                      .access = sql::Access::kRead}));
  EXPECT_TRUE(read) << "reading goes on";
  vfs.Heal();
  // Nobody writes, and it finds out by itself.
  EXPECT_TRUE(net::testing::DriveUntil(*bench.loop, [&] { return !bench.store->problem(); }));
  EXPECT_FALSE(bench.database->down_since());
  Outcomes after;
  WriteRounds(bench, after);
  EXPECT_EQ(after.acknowledged.size(), 15u);
}

TEST_F(FaultTest, ATransactionOfSeveralStepsMeetsAFullDisk) {
  const tidemill::testing::TemporaryFolder folder;
  Create(folder.path());
  FaultVfs vfs(FaultVfs::Remembers::kNothing);
  Bench bench(Settings(folder.path()), vfs.name());
  auto transaction = Await(bench, bench.database->Begin({}));
  ASSERT_TRUE(transaction);
  ASSERT_TRUE(
      Await(bench, (*transaction)->Run({.statement = kInsert, .parameters = {std::int64_t{1}, "x"}})));
  vfs.FailAll(Fault::kFull);
  const auto committed = Await(bench, (*transaction)->Commit());
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().kind, sql::FailureKind::kFull);
  EXPECT_EQ(committed.error().effect, sql::Effect::kNone);
  vfs.Heal();
  Outcomes after;
  WriteRounds(bench, after);
  EXPECT_EQ(after.acknowledged.size(), 15u) << "with the id that was rolled back";
}

}  // namespace
}  // namespace tidemill::sqlite
