// What is read of the store while it is behind memory: a job that has just moved is where memory says.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jobs/engine/testing/harness.h"
#include "jobs/job/timestamp.h"

namespace tidemill::jobs {
namespace {

using testing::EngineHarness;
using testing::Fetched;
using testing::MakeJob;
using testing::MemoryTables;

using Jids = std::vector<std::string>;
constexpr std::string_view kQuick = R"("queue":"quick")";

std::string At(const EngineHarness& h, Duration in) {
  return R"("at":")" + job::ToTimestamp(h.clock.WallNow() + in) + '"';
}

EngineOptions WithARelaxedQueue() {
  EngineOptions options;
  options.queues = {{"quick", {.durability = Durability::kRelaxed}}};
  return options;
}

// What it gives that begins while nothing is committed.
template <class T>
T BeginBeforeTheCommit(EngineHarness& h, Task<T> task) {
  std::optional<T> result;
  TaskScope scope;
  scope.Spawn(net::testing::Keep(std::move(task), result));
  h.Turns();
  h.store.ReleaseCommits();
  h.Turns(50);
  TM_ASSERT(result.has_value());
  return *std::move(result);
}

// A job whose time has come while nothing is committed.
struct JustDue : EngineHarness {
  JustDue() {
    Push("job-00001", At(*this, Seconds(1)));
    store.HoldCommits();
    Advance(Seconds(2));
  }
};

TEST(WrittenBehind, ARetryOfAJobThatIsJustDueLeavesItOnce) {
  JustDue h;
  EXPECT_TRUE(BeginBeforeTheCommit(h, h.engine.Retry("job-00001")));
  h.Push("job-00002");
  Fetched first(h.engine, "worker-1", {"default"});
  Fetched second(h.engine, "worker-1", {"default"});
  EXPECT_EQ(first.jids(), Jids{"job-00001"});
  EXPECT_EQ(second.jids(), Jids{"job-00002"});
  EXPECT_EQ(h.store.bugs(), std::vector<std::string>());
}

TEST(WrittenBehind, ACancelledJobThatIsJustDueDoesNotRun) {
  JustDue h;
  EXPECT_EQ(BeginBeforeTheCommit(h, h.engine.Cancel("job-00001")), JobState::kQueued);
  h.Push("job-00002");
  Fetched fetched(h.engine, "worker-1", {"default"});
  EXPECT_EQ(fetched.jids(), Jids{"job-00002"});
  EXPECT_EQ(h.engine.FindQueue("default")->later, 0u);
}

TEST(WrittenBehind, AllThatIsScheduledIsActedOnOnce) {
  JustDue h;
  const auto done = BeginBeforeTheCommit(
      h, h.engine.Apply({.action = BulkAction::Action::kRequeue, .place = Place::kLater, .filter = {}}));
  EXPECT_EQ(done, 0u);
  ASSERT_TRUE(h.Commit());
  EXPECT_EQ(h.store.bugs(), std::vector<std::string>());
}

TEST(WrittenBehind, ARelaxedPushIsFoundAtOnce) {
  EngineHarness h(std::make_shared<MemoryTables>(), WithARelaxedQueue());
  h.store.HoldCommits();
  ASSERT_TRUE(h.engine.Push(MakeJob("job-00001", kQuick)));
  EXPECT_EQ(BeginBeforeTheCommit(h, h.engine.Cancel("job-00001")), JobState::kQueued);
}

TEST(WrittenBehind, WhatIsAcknowledgedInARelaxedQueueIsKilledNoMore) {
  EngineHarness h(std::make_shared<MemoryTables>(), WithARelaxedQueue());
  h.Push("job-00001", kQuick);
  h.Turns(50);
  Fetched fetched(h.engine, "worker-1", {"quick"});
  h.store.HoldCommits();
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  EXPECT_EQ(BeginBeforeTheCommit(h, h.engine.Kill("job-00001")).error().code, Errc::kNotFound);
  EXPECT_TRUE(h.store.tables().dead.empty());
}

// It goes before the others, so that it is taken before its row is there; memory had no room for its text.
TEST(WrittenBehind, AJobIsGivenWhoseTextMemoryDropsBeforeTheStoreHasIt) {
  EngineOptions options;
  options.text_bytes_max = 10;
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  h.Push("job-00001");
  h.Push("job-00002", R"("priority":9,)" + At(h, Seconds(1)));
  h.store.HoldCommits();
  h.Advance(Seconds(2));
  Fetched fetched(h.engine, "worker-1", {"default"});
  h.Turns();
  h.store.ReleaseCommits();
  h.Turns(50);
  EXPECT_EQ(fetched.jids(), Jids{"job-00002"});
}

// More than memory keeps are due at once, and the store does not say what they are.
TEST(WrittenBehind, DueJobsOutliveAStoreThatIsAway) {
  EngineOptions options;
  options.later_in_memory = 10;
  options.later_text_bytes_max = 0;
  options.inbox_interval = Duration();
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  const std::string at = At(h, Seconds(5));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(h.engine.Push(MakeJob("job-00" + std::to_string(100 + i), at)));
  ASSERT_TRUE(h.Commit());
  h.Advance(Seconds(4));
  h.store.FailOthers(5, {Errc::kUnavailable, "away"});
  h.Advance(Seconds(30));
  EXPECT_EQ(h.engine.counts().enqueued, 100u);
  EXPECT_EQ(h.engine.counts().scheduled, 0u);
}

}  // namespace
}  // namespace tidemill::jobs
