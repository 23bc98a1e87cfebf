#include "jobs/engine/jid_index.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "jobs/engine/testing/harness.h"

namespace tidemill::jobs {
namespace {

using testing::EngineHarness;
using testing::Fetched;
using testing::MakeJob;
using testing::MemoryTables;

TEST(JidIndex, ABucketHasALimitAndSaysSo) {
  JidIndex index;
  for (std::uint64_t i = 0; i < JidIndex::kBucketMax; ++i) index.Add("job-00001", queue::JobId(i));
  EXPECT_TRUE(index.is_complete());
  for (std::uint64_t i = 0; i < 10; ++i) index.Add("job-00001", queue::JobId(100'000 + i));
  EXPECT_FALSE(index.is_complete());
  EXPECT_EQ(index.Find("job-00001").size(), JidIndex::kSameMax);
  for (std::uint64_t i = 0; i < JidIndex::kBucketMax; ++i) index.Remove("job-00001", queue::JobId(i));
  EXPECT_FALSE(index.Contains("job-00001"));
  index.Clear();
  EXPECT_TRUE(index.is_complete());
}

// Of two lists one is of those that wait for their time, and one of the dead: both have an index of jids.
TEST(EngineJidIndex, AnUnknownJidIsNotLookedForInAllThatAreReady) {
  auto tables = std::make_shared<MemoryTables>();
  for (int start = 0; start < 2; ++start) {
    SCOPED_TRACE(start);
    EngineHarness h(tables);
    if (start == 0) {
      for (int i = 0; i < 2'000; ++i)
        ASSERT_TRUE(h.engine.Push(MakeJob("job-" + std::to_string(10'000 + i))));
      ASSERT_TRUE(h.Commit());
    }
    const std::size_t before = h.store.lists();
    EXPECT_EQ(h.Run(h.engine.Find("job-unknown")).error().code, Errc::kNotFound);
    EXPECT_EQ(h.store.lists() - before, 2u);
    EXPECT_EQ(h.Run(h.engine.Cancel("job-unknown")).error().code, Errc::kNotFound);
    EXPECT_EQ(h.store.lists() - before, 4u);
    EXPECT_EQ(h.Run(h.engine.Find("job-11999"))->state, JobState::kQueued);
    tables->owner.reset();
  }
}

TEST(EngineJidIndex, AJobIsFoundWhereverItHasBeen) {
  EngineHarness h;
  const auto state = [&h] {
    const auto view = h.Run(h.engine.Find("job-00001"));
    return view ? view->state : JobState::kUnknown;
  };
  h.Push("job-00001", R"("retry":2,"custom":{"retry_schedule":[10]})");
  h.Push("job-00002");
  EXPECT_EQ(state(), JobState::kQueued);
  Fetched first(h.engine, "worker-1", {"default"});
  EXPECT_EQ(state(), JobState::kWorking);
  ASSERT_TRUE(h.engine.GiveBack("job-00001"));
  EXPECT_EQ(state(), JobState::kQueued);
  Fetched second(h.engine, "worker-1", {"default"});
  ASSERT_TRUE(h.engine.Fail("job-00001", {.type = "E", .message = "no", .backtrace = {}}));
  EXPECT_EQ(state(), JobState::kRetry);
  h.Advance(Seconds(12));
  EXPECT_EQ(state(), JobState::kQueued);
  ASSERT_TRUE(h.Run(h.engine.Kill("job-00001")));
  EXPECT_EQ(state(), JobState::kDead);
  ASSERT_TRUE(h.Run(h.engine.Retry("job-00001")));
  EXPECT_EQ(state(), JobState::kQueued);
  ASSERT_EQ(h.Run(h.engine.Cancel("job-00001")), JobState::kQueued);
  ASSERT_TRUE(h.Commit());
  EXPECT_NE(state(), JobState::kQueued);
  EXPECT_EQ(h.Run(h.engine.Find("job-00002"))->state, JobState::kQueued);
}

}  // namespace
}  // namespace tidemill::jobs
