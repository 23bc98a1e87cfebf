// However much is in memory: no turn of the loop is long when it is forgotten, and a stop does not wait for
// ever.
#include "jobs/engine/forgotten.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "jobs/engine/testing/harness.h"
#include "net/testing/slowdown.h"

namespace tidemill::jobs {
namespace {

using testing::EngineHarness;
using testing::Fetched;
using testing::MakeJob;
using testing::MemoryTables;

constexpr std::uint64_t kJobs = 200'000;

TEST(Forgotten, NoTurnIsLongWhenTheLeaseIsLost) {
  auto tables = std::make_shared<MemoryTables>();
  for (std::uint64_t id = 1; id <= kJobs; ++id) {
    tables->ready.emplace(JobId(id), StoredJob{.id = JobId(id),
                                               .jid = "jid-" + std::to_string(id),
                                               .queue = "default",
                                               .type = "T",
                                               .text = std::string(100, 'x')});
  }
  EngineHarness h(tables);
  for (int i = 0; i < 100'000 && h.engine.problem(); ++i) h.Turns(1);
  ASSERT_EQ(h.engine.counts().enqueued, kJobs);
  h.store.TakeOver("other");
  ASSERT_TRUE(h.engine.Push(MakeJob("job-00001")));
  int turns = 0;
  EXPECT_LT(h.LongestTurn([&] { return ++turns > 50; }), net::testing::kTurnMax);
  EXPECT_EQ(h.engine.counts().enqueued, 0u);
  EXPECT_TRUE(h.engine.problem());
}

TEST(Forgotten, TimersOfReservationsDoNothingAfterwards) {
  EngineHarness h;
  h.Push("job-00001");
  Fetched fetched(h.engine, "worker-1", {"default"});
  ASSERT_EQ(fetched.jobs.size(), 1u);
  ASSERT_TRUE(h.Run(h.engine.Clear()));
  h.Push("job-00002");
  h.Advance(Hours(1));
  EXPECT_EQ(h.engine.counts().failures, 0u);
  EXPECT_EQ(h.engine.counts().enqueued, 1u);
}

TEST(Forgotten, AClearingGivesUpOnAStoreThatDoesNotAnswer) {
  EngineHarness h;
  h.store.HoldCommits();
  ASSERT_TRUE(h.engine.Push(MakeJob("job-00001")));
  h.Turns();
  std::optional<Result<>> cleared;
  TaskScope scope;
  scope.Spawn([](Engine& engine, std::optional<Result<>>& out) -> Task<void> {
    out = co_await engine.Clear();
  }(h.engine, cleared));
  h.Advance(Seconds(9));
  EXPECT_FALSE(cleared);
  EXPECT_EQ(h.engine.problem(), "the jobs are being cleared");
  h.Advance(Seconds(2));
  ASSERT_TRUE(cleared);
  EXPECT_EQ(cleared->error(),
            (Error{Errc::kTimeout, "nothing was cleared: the store has not answered for 10 s"}));
  // It goes on as if nobody had asked.
  EXPECT_EQ(h.engine.problem(), std::nullopt);
  h.store.ReleaseCommits();
  ASSERT_TRUE(h.Commit());
  Fetched fetched(h.engine, "worker-1", {"default"});
  EXPECT_EQ(fetched.jids(), std::vector<std::string>{"job-00001"});
  ASSERT_TRUE(h.Run(h.engine.Clear()));
  EXPECT_EQ(h.engine.counts().working, 0u);
}

TEST(Forgotten, AStopWhoseLastCommitFailsTriesAgain) {
  auto tables = std::make_shared<MemoryTables>();
  EngineHarness h(tables);
  h.Push("job-00001");
  Fetched fetched(h.engine, "worker-1", {"default"});
  ASSERT_EQ(fetched.jobs.size(), 1u);
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  h.store.FailCommits(3, {Errc::kUnavailable, "away"});
  h.BeginToStop();
  h.Advance(Seconds(3));
  EXPECT_TRUE(h.is_stopped);
  EXPECT_TRUE(tables->ready.empty()) << "what was acknowledged is written before the lease goes";
}

TEST(Forgotten, AStopGivesUpOnAStoreThatDoesNotAnswer) {
  EngineHarness h;
  h.store.HoldCommits();
  ASSERT_TRUE(h.engine.Push(MakeJob("job-00001")));
  h.Turns();
  h.BeginToStop();
  h.Advance(Seconds(9));
  EXPECT_FALSE(h.is_stopped);
  h.Advance(Seconds(2));
  EXPECT_TRUE(h.is_stopped);
  h.store.ReleaseCommits();
  h.Turns();
}

}  // namespace
}  // namespace tidemill::jobs
