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

}  // namespace
}  // namespace tidemill::jobs
