#include "jobs/store/testing/memory_store.h"

#include <gtest/gtest.h>

#include "net/testing/harness.h"
#include "net/testing/run_task.h"

namespace tidemill::jobs {
namespace {

using net::testing::RunTask;
using testing::MemoryStore;
using testing::MemoryTables;

class MemoryStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(RunTask(*loop_, store_.Acquire({.node = "n1"}))); }
  static std::shared_ptr<const Flush> PushOf(std::uint64_t number) {
    Flush flush{.epoch = 1, .number = number};
    flush.ready.push_back({.id = JobId(number), .jid = "j", .queue = "q", .type = "T", .text = "{}"});
    return std::make_shared<const Flush>(std::move(flush));
  }

  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
  MemoryStore store_{*loop_};
};

TEST_F(MemoryStoreTest, APlantedFailureKeepsNothingAndIsOver) {
  store_.FailCommits(1, {Errc::kLimitExceeded, "disk full"});
  const auto failed = RunTask(*loop_, store_.Commit(PushOf(1)));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error(), (Error{Errc::kLimitExceeded, "disk full"}));
  EXPECT_TRUE(store_.tables().ready.empty());
  EXPECT_TRUE(RunTask(*loop_, store_.Commit(PushOf(1))));
  EXPECT_EQ(store_.flushes().size(), 1u);
}

TEST_F(MemoryStoreTest, AHeldCommitHasNoEffectUntilItIsReleasedThoughNobodyWaits) {
  store_.HoldCommits();
  {
    TaskScope scope;
    std::optional<Result<>> result;
    scope.Spawn(net::testing::Keep(store_.Commit(PushOf(1)), result));
    net::testing::RunTurns(*loop_);
    EXPECT_FALSE(result);
    EXPECT_EQ(store_.held_commits(), 1u);
  }
  EXPECT_TRUE(store_.tables().ready.empty());
  store_.ReleaseCommits();
  net::testing::RunTurns(*loop_);
  EXPECT_EQ(store_.tables().ready.size(), 1u);
}

TEST_F(MemoryStoreTest, WhenAnotherNodeTookOverACommitChangesNothing) {
  store_.TakeOver("n2", "10.0.0.2:7419");
  const auto refused = RunTask(*loop_, store_.Commit(PushOf(1)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kPermissionDenied);
  EXPECT_TRUE(store_.tables().ready.empty());
  EXPECT_EQ(RunTask(*loop_, store_.FindOwner()).value()->address, "10.0.0.2:7419");
}

}  // namespace
}  // namespace tidemill::jobs
