// Queues that live in memory alone: nobody else has what their jobs say.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "jobs/engine/testing/harness.h"

namespace tidemill::jobs {
namespace {

using testing::EngineHarness;
using testing::Fetched;
using testing::MakeJob;
using testing::MemoryTables;

using Jids = std::vector<std::string>;

constexpr std::string_view kRam = R"("queue":"ram")";

EngineOptions WithAMemoryQueue(std::size_t text_bytes_max) {
  EngineOptions options;
  options.queues = {{"ram", {.durability = Durability::kMemory}}};
  options.text_bytes_max = text_bytes_max;
  return options;
}

TEST(MemoryQueues, LoseNothingOfWhatTheyHaveTaken) {
  EngineHarness h(std::make_shared<MemoryTables>(), WithAMemoryQueue(500));
  Jids taken;
  for (int i = 1; i <= 30; ++i) {
    const std::string jid = "job-000" + std::to_string(10 + i);
    if (h.engine.Push(MakeJob(jid, kRam))) taken.push_back(jid);
  }
  const auto refused = h.engine.Push(MakeJob("job-00099", kRam));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kLimitExceeded);
  EXPECT_TRUE(refused.error().detail.contains("at most 500 bytes")) << refused.error().detail;
  EXPECT_GE(taken.size(), 2u);
  Jids given;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    Fetched fetched(h.engine, "worker-1", {"ram"});
    h.Turns();
    ASSERT_EQ(fetched.jobs.size(), 1u);
    given.push_back(fetched.jobs[0].jid);
  }
  EXPECT_EQ(given, taken);
  EXPECT_TRUE(h.engine.Push(MakeJob("job-00099", kRam))) << "there is room again";
}

// It may be more than there is room for by then: a failure adds to it.
TEST(MemoryQueues, WhatComesBackIsKeptHoweverLongItIs) {
  EngineHarness h(std::make_shared<MemoryTables>(), WithAMemoryQueue(300));
  ASSERT_TRUE(h.engine.Push(MakeJob("job-00001", R"("queue":"ram","custom":{"retry_schedule":[1]})")));
  Fetched fetched(h.engine, "worker-1", {"ram"});
  ASSERT_EQ(fetched.jids(), Jids{"job-00001"});
  ASSERT_TRUE(h.engine.Fail("job-00001", {.type = "T", .message = std::string(900, 'x'), .backtrace = {}}));
  h.Advance(Seconds(3));
  Fetched again(h.engine, "worker-1", {"ram"});
  h.Turns();
  EXPECT_EQ(again.jids(), Jids{"job-00001"});
}

TEST(MemoryQueues, WhatIsScheduledCounts) {
  EngineHarness h(std::make_shared<MemoryTables>(), WithAMemoryQueue(500));
  Result<> pushed;
  for (int i = 0; pushed && i < 30; ++i) {
    pushed = h.engine.Push(
        MakeJob("job-000" + std::to_string(10 + i), R"("queue":"ram","at":"2099-01-01T00:00:00Z")"));
  }
  EXPECT_FALSE(pushed);
}

TEST(MemoryQueues, ACancelledJobLeavesNoLock) {
  EngineHarness h(std::make_shared<MemoryTables>(), WithAMemoryQueue(1 << 20));
  const std::string unique = R"("queue":"ram","custom":{"unique_for":600})";
  ASSERT_TRUE(h.engine.Push(MakeJob("job-00001", unique)));
  ASSERT_FALSE(h.engine.Push(MakeJob("job-00002", unique)));
  ASSERT_EQ(h.Run(h.engine.Cancel("job-00001")), JobState::kQueued);
  EXPECT_TRUE(h.engine.Push(MakeJob("job-00002", unique)));
  Fetched fetched(h.engine, "worker-1", {"ram"});
  EXPECT_EQ(fetched.jids(), Jids{"job-00002"});
}

TEST(MemoryQueues, ManyAreCancelledOrKilledAtOnceAsTheFilterSays) {
  EngineOptions options = WithAMemoryQueue(1 << 20);
  options.queues["ram"].limits = {.key = "/custom/key", .key_concurrency = 1};
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  const std::string keyed = R"("queue":"ram","custom":{"key":"a"})";
  const std::string later = R"("queue":"ram","at":"2099-01-01T00:00:00Z")";
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(
        h.engine.Push(MakeJob("job-1" + std::to_string(1000 + i), i < 3 ? keyed : std::string(kRam))));
    ASSERT_TRUE(h.engine.Push(MakeJob("job-2" + std::to_string(1000 + i), later)));
  }
  Fetched first(h.engine, "worker-1", {"ram"});
  Fetched parks_two(h.engine, "worker-1", {"ram"});
  h.Turns();
  ASSERT_EQ(h.engine.counts().working, 2u);
  ASSERT_EQ(h.engine.counts().enqueued, 298u);

  const auto apply = [&h](BulkAction::Action action, Place place, const std::string& type) {
    BulkAction bulk{.action = action, .place = place, .jids = {}, .filter = {}, .matches = {}};
    bulk.filter = {.queue = "ram", .type = type, .jid = {}, .contains = {}, .wait = {}};
    return h.Run(h.engine.Apply(std::move(bulk)));
  };
  EXPECT_EQ(apply(BulkAction::Action::kKill, Place::kReady, "Another"), 0u);
  EXPECT_EQ(apply(BulkAction::Action::kKill, Place::kReady, "Test"), 298u);
  EXPECT_EQ(h.engine.counts().enqueued, 0u);
  EXPECT_EQ(h.engine.counts().dead, 298u);
  EXPECT_EQ(apply(BulkAction::Action::kDiscard, Place::kLater, "Test"), 300u);
  EXPECT_EQ(h.engine.counts().scheduled, 0u);
  EXPECT_EQ(h.engine.counts().working, 2u) << "what a worker has is not touched";
  ASSERT_TRUE(h.engine.Ack(first.jids()[0], ""));
  Fetched none(h.engine, "worker-2", {"ram"});
  h.Turns(100);
  EXPECT_TRUE(none.jobs.empty());
}

TEST(MemoryQueues, AKilledJobMayBeginAnew) {
  EngineOptions options = WithAMemoryQueue(1 << 20);
  options.queues["ram"].limits = {.key = "/jobtype", .key_concurrency = 1};
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE(h.engine.Push(MakeJob("job-0000" + std::to_string(i), kRam)));
  }
  Fetched first(h.engine, "worker-1", {"ram"});
  {
    Fetched parks(h.engine, "worker-1", {"ram"});  // the second waits for its key
    h.Turns();
  }
  for (const std::string jid : {"job-00002", "job-00003"}) {
    ASSERT_TRUE(h.Run(h.engine.Kill(jid)));
    h.Turns(50);
    ASSERT_EQ(h.store.tables().dead.size(), 1u);
    const DeadJob& dead = h.store.tables().dead.rbegin()->second;
    EXPECT_EQ(dead.job.type, "Test");
    EXPECT_TRUE(dead.job.text.contains(jid)) << dead.job.text;
    EXPECT_TRUE(h.Run(h.engine.Retry(jid)));
  }
}

}  // namespace
}  // namespace tidemill::jobs
