// No turn is long, however many wait and however long their jobs are.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "jobs/engine/testing/harness.h"
#include "net/testing/slowdown.h"

namespace tidemill::jobs {
namespace {

using testing::EngineHarness;
using testing::Fetched;
using testing::MakeJob;
using testing::MemoryTables;

using Jids = std::vector<std::string>;

std::string Padded(std::size_t bytes) { return R"("custom":{"pad":")" + std::string(bytes, 'x') + R"("})"; }

TEST(EngineTurns, ThousandsOfQuietWorkersThatWaitHoldNobodyUp) {
  EngineHarness h;
  ASSERT_TRUE(h.engine.AddWorker({.wid = "quiet"}));
  std::vector<std::unique_ptr<Fetched>> waiting;
  for (int i = 0; i < 20'000; ++i) {
    waiting.push_back(std::make_unique<Fetched>(h.engine, "quiet", Jids{"default"}));
  }
  Fetched last(h.engine, "worker-1", {"default"});
  ASSERT_EQ(h.engine.Signal("quiet", WorkerState::kQuiet), 1u);
  ASSERT_TRUE(h.engine.Push(MakeJob("job-00001", Padded(300'000))));
  const auto longest = h.LongestTurn([&] { return !last.jobs.empty(); });
  EXPECT_LT(longest, net::testing::kTurnMax);
  EXPECT_EQ(last.jids(), Jids{"job-00001"});
}

TEST(EngineTurns, LookingAtManyQueuesReadsNoneOfTheirJobs) {
  constexpr int kQueues = 300;
  EngineHarness h;
  const std::string padded = Padded(100'000);
  for (int i = 0; i < kQueues; ++i) {
    h.Push("job-0" + std::to_string(1000 + i), R"("queue":"q)" + std::to_string(i) + R"(",)" + padded);
  }
  const net::Micros begun = net::ThreadCpuMicros();
  const std::vector<QueueView> views = h.engine.Queues();
  EXPECT_LT(net::ThreadCpuMicros() - begun, net::testing::kTurnMax);
  ASSERT_EQ(views.size(), std::size_t{kQueues});
  for (const QueueView& view : views) EXPECT_EQ(view.oldest, h.clock.WallNow());
}

// Rows of queues have no index of jids: whoever names thousands is not to look through all of them for each.
TEST(EngineTurns, ActingOnManyByNameLooksNowhereElse) {
  EngineHarness h;
  std::vector<std::string> jids;
  for (int i = 0; i < 100; ++i) {
    const std::string jid = "job-00" + std::to_string(100 + i);
    ASSERT_TRUE(h.engine.Push(MakeJob(jid, R"("at":"2099-01-01T00:00:00Z")")));
    jids.push_back(jid);
    jids.push_back("none-" + jid);
  }
  ASSERT_TRUE(h.Commit());
  const std::size_t before = h.store.lists();
  const auto done = h.Run(h.engine.Apply(
      {.action = BulkAction::Action::kRequeue, .place = Place::kLater, .jids = std::move(jids)}));
  EXPECT_EQ(done, 100u);
  EXPECT_EQ(h.store.lists() - before, 200u);
}

// A dead one and another that lives: the one that lives is meant.
TEST(EngineTurns, OfTwoOfOneJidTheOneThatLivesIsFound) {
  EngineHarness h;
  h.Push("job-00001", R"("retry":-1)");
  Fetched fetched(h.engine, "worker-1", {"default"});
  ASSERT_TRUE(h.engine.Fail("job-00001", {}));
  h.Push("job-00001");
  EXPECT_EQ(h.Run(h.engine.Cancel("job-00001")), JobState::kQueued);
}

}  // namespace
}  // namespace tidemill::jobs
