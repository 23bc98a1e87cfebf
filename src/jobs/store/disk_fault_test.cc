// SQLite's disk fails, the power goes, the process is killed: at every step of a flush. What was acknowledged
// is there, every flush is there whole or not at all, and the checker finds planted bugs.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/testing/temporary_folder.h"
#include "jobs/store/schema.h"
#include "jobs/store/sql_store.h"
#include "jobs/store/testing/flush_model.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "sql/schema/apply_schema.h"
#include "sqlite/testing/fault_vfs.h"
#include "sqlite/testing/store_fixture.h"

namespace tidemill::jobs {
namespace {

using net::testing::RunTask;
using sqlite::testing::Fault;
using sqlite::testing::FaultVfs;
using testing::DifferenceAfter;
using testing::FlushModel;

constexpr std::uint64_t kSeed = 11;

enum class Plant : std::uint8_t { kNothing, kTwoTransactions, kAnswerFirst };

// A database that breaks what a store stands on, where a test plants that.
class PlantedDatabase final : public sql::Database {
 public:
  PlantedDatabase(sql::Database& real, Plant plant) : real_(real), plant_(plant) {}

  Task<sql::Result<std::vector<sql::RunResult>>> RunAll(std::vector<sql::Call> calls) override {
    std::vector<sql::RunResult> results(calls.size());
    if (plant_ == Plant::kTwoTransactions) {
      std::vector<sql::Call> second(calls.begin() + static_cast<std::ptrdiff_t>(calls.size() / 2),
                                    calls.end());
      calls.erase(calls.begin() + static_cast<std::ptrdiff_t>(calls.size() / 2), calls.end());
      TM_CO_TRY(co_await real_.RunAll(std::move(calls)));
      TM_CO_TRY(co_await real_.RunAll(std::move(second)));
      co_return results;
    }
    if (plant_ == Plant::kAnswerFirst) {
      scope_.Spawn(Later(real_, std::move(calls)));
      co_return results;
    }
    co_return co_await real_.RunAll(std::move(calls));
  }
  sql::Dialect dialect() const override { return real_.dialect(); }
  Task<sql::Result<sql::RunResult>> Run(sql::Call call) override { return real_.Run(std::move(call)); }
  Task<sql::Result<sql::Summary>> RunInto(sql::Call call, std::shared_ptr<sql::RowSink> sink) override {
    return real_.RunInto(std::move(call), std::move(sink));
  }
  Task<sql::Result<std::unique_ptr<sql::RowStream>>> Stream(sql::Call call) override {
    return real_.Stream(std::move(call));
  }
  Task<sql::Result<std::unique_ptr<sql::Transaction>>> Begin(sql::TransactionOptions options) override {
    return real_.Begin(options);
  }
  Task<sql::Result<sql::Description>> Describe(sql::Statement statement) override {
    return real_.Describe(std::move(statement));
  }
  std::optional<MonotonicTime> down_since() const override { return real_.down_since(); }

 private:
  static Task<void> Later(sql::Database& real, std::vector<sql::Call> calls) {
    (void)co_await real.RunAll(std::move(calls));
  }

  sql::Database& real_;
  const Plant plant_;
  TaskScope scope_;
};

// A store on a file, with the model's flushes up to what it has.
class Node {
 public:
  explicit Node(const std::string& folder, std::string vfs = "", Plant plant = Plant::kNothing)
      : bench_({.path = folder + "/jobs.db",
                .readers = 1,
                .wal_checkpoint_bytes = 60'000,
                .wal_bytes_max = 120'000},
               std::move(vfs)),
        database_(*bench_.database, plant),
        store_(MakeSqlStore(loop(), database_, {})) {}

  net::Loop& loop() { return *bench_.loop; }
  Store& store() { return *store_; }

  void Create() {
    const std::vector<sql::Schema> schemas = {JobsSchema()};
    TM_ASSERT(RunTask(loop(), sql::ApplySchemas(loop(), *bench_.database, schemas, {})));
  }
  // The number of the last of the model's flushes that it has; each writes it down.
  std::uint64_t Kept() {
    const auto record = RunTask(loop(), store_->FindRecord({"count", "flushes"}));
    TM_ASSERT(record);
    return *record ? std::stoull((*record)->value) : 0;
  }
  // "" when it has what that flush left, and `acknowledged` is not behind it.
  std::string Problem(std::uint64_t acknowledged) {
    const std::uint64_t kept = Kept();
    if (kept < acknowledged)
      return "flush " + std::to_string(acknowledged) + " was acknowledged, " + std::to_string(kept) +
             " is the last";
    return DifferenceAfter(loop(), *store_, kSeed, kept);
  }
  bool Acquire() {
    const auto lease = RunTask(loop(), store_->Acquire({.node = "n1"}));
    if (lease) epoch_ = lease->epoch;
    base_ = lease ? Kept() : 0;
    return lease.has_value();
  }
  // The model's next, numbered as the epoch wants it.
  Flush Next(FlushModel& model) const {
    Flush flush = model.Next(epoch_);
    flush.number -= base_;
    return flush;
  }
  Task<Result<>> Commit(const Flush& flush) { return store_->Commit(std::make_shared<const Flush>(flush)); }

 private:
  sqlite::testing::Bench bench_;
  PlantedDatabase database_;
  std::unique_ptr<Store> store_;
  std::uint64_t epoch_ = 0;
  std::uint64_t base_ = 0;
};

// How many flushes were acknowledged before the disk failed, or all.
std::uint64_t CommitUntilFailure(Node& node, const FaultVfs& vfs, std::uint64_t flushes) {
  FlushModel model(kSeed);
  std::uint64_t acknowledged = 0;
  while (acknowledged < flushes) {
    TaskScope scope;
    std::optional<Result<>> result;
    scope.Spawn(net::testing::Keep(node.Commit(node.Next(model)), result));
    TM_ASSERT(net::testing::DriveUntil(node.loop(), [&] { return result || vfs.has_failed(); }));
    if (!result) net::testing::RunTurns(node.loop(), 10);
    if (!result || !*result) break;
    ++acknowledged;
  }
  return acknowledged;
}

class DiskFault : public ::testing::Test {
 protected:
  DiskFault() { log::Configure({.level = log::Level::kOff}); }
  ~DiskFault() override { log::Configure({}); }

  // Cuts the power at the n-th operation on the disk. The problems that are found; nullopt: it did not come
  // to so many operations.
  static std::optional<std::string> CutPowerAt(std::size_t n, Plant plant) {
    const tidemill::testing::TemporaryFolder folder;
    Node(folder.path()).Create();
    FaultVfs vfs(FaultVfs::Remembers::kSynced);
    std::uint64_t acknowledged = 0;
    {
      Node node(folder.path(), vfs.name(), plant);
      TM_ASSERT(node.Acquire());
      vfs.FailAt(n, Fault::kPowerCut);
      acknowledged = CommitUntilFailure(node, vfs, 6);
    }
    if (!vfs.has_failed()) return std::nullopt;
    std::string problem;
    for (const auto kept : {FaultVfs::Kept::kSynced, FaultVfs::Kept::kSyncedAndHalfOfTheRest}) {
      const tidemill::testing::TemporaryFolder survivors;
      vfs.WriteSurvivors(survivors.path(), kept);
      problem += Node(survivors.path()).Problem(acknowledged);
    }
    // And as a killed process leaves it: what was written is in the file.
    return problem + Node(folder.path()).Problem(acknowledged);
  }
};

TEST_F(DiskFault, ThePowerMayGoAtEveryStepOfAFlush) {
  std::size_t cuts = 0;
  // Each of the first flushes' operations, then some.
  for (std::size_t n = 1;; n += n < 40 ? 1 : 6) {
    const auto problem = CutPowerAt(n, Plant::kNothing);
    if (!problem) break;
    ASSERT_EQ(*problem, "") << n;
    ++cuts;
  }
  EXPECT_GT(cuts, 40u);
}

TEST_F(DiskFault, TheCheckerFindsPlantedBugs) {
  for (const Plant plant : {Plant::kTwoTransactions, Plant::kAnswerFirst}) {
    std::size_t found = 0;
    for (std::size_t n = 1; found == 0; ++n) {
      const auto problem = CutPowerAt(n, plant);
      if (!problem) break;
      if (!problem->empty()) ++found;
    }
    EXPECT_GT(found, 0u) << static_cast<int>(plant);
  }
}

TEST_F(DiskFault, AfterAnErrorOfTheDiskTheSameFlushIsCommittedOnce) {
  std::size_t failed = 0;
  for (const Fault fault : {Fault::kIoError, Fault::kFull, Fault::kShortWrite}) {
    for (std::size_t n = 1; n < 90; n += 7) {
      const tidemill::testing::TemporaryFolder folder;
      Node(folder.path()).Create();
      FaultVfs vfs(FaultVfs::Remembers::kNothing);
      Node node(folder.path(), vfs.name());
      ASSERT_TRUE(node.Acquire());
      vfs.FailAt(n, fault);
      FlushModel model(kSeed);
      while (model.number() < 12) {
        const Flush flush = node.Next(model);
        Result<> done = RunTask(node.loop(), node.Commit(flush));
        if (!done) {
          ++failed;
          EXPECT_TRUE(done.error().code == Errc::kUnavailable || done.error().code == Errc::kLimitExceeded)
              << done.error().detail;
          done = RunTask(node.loop(), node.Commit(flush));
        }
        ASSERT_TRUE(done) << done.error().detail;
      }
      ASSERT_EQ(node.Problem(12), "") << n;
    }
  }
  EXPECT_GT(failed, 15u);
}

TEST_F(DiskFault, AFullDiskIsAnErrorThatKeepsNothingAndEndsWithIt) {
  const tidemill::testing::TemporaryFolder folder;
  Node(folder.path()).Create();
  FaultVfs vfs(FaultVfs::Remembers::kNothing);
  Node node(folder.path(), vfs.name());
  ASSERT_TRUE(node.Acquire());
  FlushModel model(kSeed);
  ASSERT_TRUE(RunTask(node.loop(), node.Commit(node.Next(model))));
  vfs.FailAll(Fault::kFull);
  const Flush flush = node.Next(model);
  for (int i = 0; i < 3; ++i) {
    const auto full = RunTask(node.loop(), node.Commit(flush));
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, Errc::kLimitExceeded) << full.error().detail;
  }
  EXPECT_EQ(node.Problem(1), "");
  vfs.Heal();
  ASSERT_TRUE(RunTask(node.loop(), node.Commit(flush)));
  EXPECT_EQ(node.Problem(2), "");
}

[[noreturn]] void Work(const std::string& folder, int acknowledged) {
  log::Configure({.level = log::Level::kOff});
  Node node(folder);
  if (!node.Acquire()) _exit(1);
  FlushModel model(kSeed);
  for (const std::uint64_t kept = node.Kept(); model.number() < kept;) (void)model.Next(0);
  for (;;) {
    const Flush flush = node.Next(model);
    if (!RunTask(node.loop(), node.Commit(flush))) _exit(1);
    const std::uint64_t number = model.number();
    if (write(acknowledged, &number, sizeof number) != sizeof number) _exit(1);
  }
}

TEST_F(DiskFault, WhatWasAcknowledgedIsThereAfterKill9) {
  const tidemill::testing::TemporaryFolder folder;
  Node(folder.path()).Create();
  std::uint64_t last = 0;
  for (std::uint64_t life = 1; life <= 8; ++life) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      Work(folder.path(), ends[1]);
    }
    close(ends[1]);
    const std::uint64_t enough = last + 20 + 13 * life;
    for (std::uint64_t number = 0; read(ends[0], &number, sizeof number) == sizeof number;) {
      last = number;
      if (number == enough) kill(child, SIGKILL);
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
    ASSERT_EQ(Node(folder.path()).Problem(last), "") << life;
  }
  EXPECT_GT(last, 500u);
}

}  // namespace
}  // namespace tidemill::jobs
