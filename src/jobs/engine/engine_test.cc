#include "jobs/engine/engine.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "jobs/engine/testing/harness.h"
#include "jobs/job/timestamp.h"

namespace tidemill::jobs {
namespace {

using testing::EngineHarness;
using testing::Fetched;
using testing::MakeJob;
using testing::MemoryStore;
using testing::MemoryTables;

using Jids = std::vector<std::string>;

TEST(Engine, APushCanBeFetchedOnceItIsCommitted) {
  EngineHarness h;
  h.store.HoldCommits();
  Fetched fetched(h.engine, "worker-1", {"default"});
  ASSERT_TRUE(h.engine.Push(MakeJob("job-00001")));
  h.Turns();
  EXPECT_TRUE(fetched.jobs.empty());
  h.store.ReleaseCommits();
  h.Turns();
  ASSERT_EQ(fetched.jids(), Jids{"job-00001"});
  EXPECT_EQ(fetched.jobs[0].attempt, 1);
}

TEST(Engine, WhatIsAcknowledgedIsGone) {
  EngineHarness h;
  h.Push("job-00001");
  Fetched fetched(h.engine, "worker-1", {"default"});
  ASSERT_EQ(fetched.jids(), Jids{"job-00001"});
  EXPECT_EQ(h.engine.counts().working, 1u);
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  EXPECT_TRUE(h.Commit());
  EXPECT_TRUE(h.store.tables().ready.empty());
  EXPECT_TRUE(h.store.tables().claims.empty());
  EXPECT_EQ(h.engine.counts().processed, 1u);
  EXPECT_EQ(h.engine.Ack("job-00001", "").error().code, Errc::kNotFound);
}

TEST(Engine, WhatComesWhileACommitIsUnderWayIsOneFlush) {
  EngineHarness h;
  h.store.HoldCommits();
  ASSERT_TRUE(h.engine.Push(MakeJob("job-00000")));
  h.Turns();
  for (int i = 1; i <= 20; ++i) {
    ASSERT_TRUE(h.engine.Push(MakeJob("job-0000" + std::to_string(i))));
    h.Turns();
  }
  h.store.ReleaseCommits();
  EXPECT_TRUE(h.Commit());
  EXPECT_EQ(h.store.flushes().size(), 2u);
  EXPECT_EQ(h.store.tables().ready.size(), 21u);
}

// Its producers were told at once: a clean stop is to lose none of it, and keeps nothing from who comes next.
TEST(Engine, AStopWritesAllThatWasAcknowledgedBeforeItsCommit) {
  auto tables = std::make_shared<testing::MemoryTables>();
  EngineOptions options;
  options.queues["relaxed"].durability = Durability::kRelaxed;
  options.flush_rows_max = 10;
  EngineHarness h(tables, options);
  h.store.HoldCommits();
  for (int i = 10; i < 45; ++i) {
    ASSERT_TRUE(h.engine.Push(MakeJob("job-000" + std::to_string(i), R"("queue":"relaxed")")));
    if (i == 12) h.Turns();  // the first flush is under way, three more are gathered
  }
  bool has_stopped = false;
  TaskScope scope;
  scope.Spawn([](Engine& engine, bool& done) -> Task<void> {
    co_await engine.Stop();
    done = true;
  }(h.engine, has_stopped));
  h.Turns(50);
  EXPECT_FALSE(has_stopped) << "what is gathered is not written yet";
  h.store.ReleaseCommits();
  for (int i = 0; i < 1000 && !has_stopped; ++i) h.Turns(1);
  ASSERT_TRUE(has_stopped);
  EXPECT_EQ(tables->ready.size(), 35u);
  const std::size_t flushes = h.store.flushes().size();
  h.Advance(Seconds(5));
  EXPECT_EQ(h.store.flushes().size(), flushes) << "a flush behind the release takes the lease again";
}

TEST(Engine, PushesOfAFailedFlushAreDroppedAndTheRestGoesAgain) {
  EngineHarness h;
  h.Push("job-00001");
  Fetched fetched(h.engine, "worker-1", {"default"});
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  ASSERT_TRUE(h.engine.Push(MakeJob("job-00002", R"("custom":{"unique_for":60})")));
  h.store.FailCommits(1, {Errc::kLimitExceeded, "disk full"});
  EXPECT_EQ(h.Commit().error().code, Errc::kLimitExceeded);
  h.Advance(Seconds(3));
  EXPECT_TRUE(h.Commit());
  EXPECT_TRUE(h.store.tables().ready.empty());
  Fetched none(h.engine, "worker-1", {"default"});
  h.Turns();
  EXPECT_TRUE(none.jobs.empty());
  // Its lock is not held either.
  ASSERT_TRUE(h.engine.Push(MakeJob("job-00003", R"("custom":{"unique_for":60})")));
  EXPECT_TRUE(h.Commit());
}

TEST(Engine, AFailedJobComesBackWithWhatWentWrong) {
  EngineHarness h;
  h.Push("job-00001", R"("retry":2,"custom":{"retry_schedule":[10]})");
  Fetched first(h.engine, "worker-1", {"default"});
  ASSERT_TRUE(h.engine.Fail("job-00001", {.type = "Boom", .message = "it broke", .backtrace = {}}));
  EXPECT_TRUE(h.Commit());
  EXPECT_TRUE(h.store.tables().ready.empty());
  EXPECT_EQ(h.store.tables().later.size(), 1u);
  EXPECT_EQ(h.engine.counts().retries, 1u);
  Fetched second(h.engine, "worker-1", {"default"});
  h.Advance(Seconds(9));
  EXPECT_TRUE(second.jobs.empty());
  h.Advance(Seconds(3));
  ASSERT_EQ(second.jids(), Jids{"job-00001"});
  EXPECT_EQ(second.jobs[0].attempt, 2);
  EXPECT_NE(second.jobs[0].text.find("it broke"), std::string::npos);
  ASSERT_TRUE(h.engine.Fail("job-00001", {}));
  h.Advance(Seconds(12));
  Fetched third(h.engine, "worker-1", {"default"});
  ASSERT_EQ(third.jids(), Jids{"job-00001"});
  ASSERT_TRUE(h.engine.Fail("job-00001", {}));
  EXPECT_TRUE(h.Commit());
  EXPECT_EQ(h.store.tables().dead.size(), 1u);
  EXPECT_EQ(h.engine.counts().dead, 1u);
  EXPECT_EQ(h.engine.counts().failures, 3u);
  EXPECT_TRUE(h.store.tables().later.empty());
}

TEST(Engine, AJobThatRetriesAtOnceNeedNotReachTheStoreBetween) {
  EngineHarness h;
  h.Push("job-00001", R"("custom":{"retry_schedule":[0]})");
  h.store.HoldCommits();
  for (int i = 0; i < 5; ++i) {
    Fetched fetched(h.engine, "worker-1", {"default"});
    h.Advance(Milliseconds(20));
    ASSERT_EQ(fetched.jids(), Jids{"job-00001"}) << i;
    ASSERT_TRUE(h.engine.Fail("job-00001", {}));
  }
  h.store.ReleaseCommits();
  h.Advance(Milliseconds(20));
  EXPECT_TRUE(h.Commit());
  EXPECT_EQ(h.store.tables().ready.size() + h.store.tables().later.size(), 1u);
}

TEST(Engine, AScheduledJobRunsAtItsTime) {
  EngineHarness h;
  h.Push("job-00001", R"("at":")" + job::ToTimestamp(h.clock.WallNow() + Seconds(90)) + '"');
  EXPECT_EQ(h.store.tables().later.size(), 1u);
  EXPECT_EQ(h.engine.counts().scheduled, 1u);
  Fetched fetched(h.engine, "worker-1", {"default"});
  h.Advance(Seconds(89));
  EXPECT_TRUE(fetched.jobs.empty());
  h.Advance(Milliseconds(1020));
  EXPECT_EQ(fetched.jids(), Jids{"job-00001"});
  EXPECT_TRUE(h.Commit());
  EXPECT_TRUE(h.store.tables().later.empty());
  EXPECT_EQ(h.store.tables().ready.size(), 1u);
  EXPECT_EQ(h.engine.counts().scheduled, 0u);
}

TEST(Engine, OnlyLongJobsAreClaimed) {
  EngineHarness h;
  h.Push("job-00001");
  h.Push("job-00002");
  Fetched one(h.engine, "worker-1", {"default"});
  Fetched two(h.engine, "worker-1", {"default"});
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  h.Advance(Milliseconds(100));
  ASSERT_EQ(h.store.tables().claims.size(), 1u);
  EXPECT_EQ(h.store.tables().claims.begin()->second.wid, "worker-1");
  ASSERT_TRUE(h.engine.Ack("job-00002", ""));
  EXPECT_TRUE(h.Commit());
  EXPECT_TRUE(h.store.tables().claims.empty());
}

TEST(Engine, AStartReadsEverythingBack) {
  auto tables = std::make_shared<testing::MemoryTables>();
  {
    EngineHarness h(tables);
    h.Push("job-00001");
    h.Push("job-00002");
    h.Push("job-00003", R"("priority":9)");
    h.Push("job-00004", R"("at":")" + job::ToTimestamp(h.clock.WallNow() + Seconds(30)) + '"');
    h.Push("job-00005", R"("queue":"paused")");
    ASSERT_TRUE(h.engine.Pause("paused"));
    Fetched fetched(h.engine, "worker-1", {"default"});
    ASSERT_EQ(fetched.jids(), Jids{"job-00003"});
    h.Advance(Milliseconds(100));
    EXPECT_TRUE(h.Commit());
  }
  EngineHarness h(tables);
  EXPECT_EQ(h.engine.counts().working, 1u);
  EXPECT_EQ(h.engine.counts().enqueued, 3u);
  EXPECT_EQ(h.engine.counts().scheduled, 1u);
  ASSERT_TRUE(h.engine.Ack("job-00003", ""));
  Fetched one(h.engine, "worker-1", {"default"});
  Fetched two(h.engine, "worker-1", {"paused"});
  EXPECT_EQ(one.jids(), Jids{"job-00001"});
  EXPECT_TRUE(two.jobs.empty());
  ASSERT_TRUE(h.engine.Resume("paused"));
  h.Turns();
  EXPECT_EQ(two.jids(), Jids{"job-00005"});
  Fetched three(h.engine, "worker-1", {"default"});
  EXPECT_EQ(three.jids(), Jids{"job-00002"});
  Fetched four(h.engine, "worker-1", {"default"});
  h.Advance(Seconds(31));
  EXPECT_EQ(four.jids(), Jids{"job-00004"});
}

TEST(Engine, WhoHasLostTheLeaseServesNothingAndTakesItAgain) {
  EngineHarness h;
  h.Push("job-00001");
  h.store.TakeOver("other", "10.0.0.2:7419");
  ASSERT_TRUE(h.engine.Push(MakeJob("job-00002")));
  EXPECT_EQ(h.Commit().error().code, Errc::kNotAvailable);
  EXPECT_EQ(h.engine.Push(MakeJob("job-00003")).error().code, Errc::kNotAvailable);
  h.Advance(Seconds(10));
  ASSERT_TRUE(h.engine.owner());
  EXPECT_EQ(h.engine.owner()->address, "10.0.0.2:7419");
  ASSERT_TRUE(h.engine.problem());
  h.Advance(Hours(1));
  h.Advance(Seconds(2));
  EXPECT_EQ(h.engine.problem(), std::nullopt);
  EXPECT_EQ(h.engine.counts().enqueued, 1u);
}

// As another node that asks for the lease.
bool OtherGetsLease(EngineHarness& h, const std::shared_ptr<MemoryTables>& tables) {
  MemoryStore other(*h.loop, tables);
  return h.Run(other.Acquire({.node = "other", .ttl = Seconds(8)})).has_value();
}

void Stop(EngineHarness& h) {
  TaskScope scope;
  scope.Spawn(h.engine.Stop());
  h.Advance(Seconds(3));
}

// Has the lease, and reads the jobs back until h.store.ReleaseLoads().
void BeginToReadBack(EngineHarness& h) {
  h.store.TakeOver("other");
  h.Advance(Seconds(10));
  ASSERT_TRUE(h.engine.owner());
  h.store.HoldLoads();
  h.store.tables().owner->expires_at = h.clock.WallNow();
  h.Advance(Seconds(2));
  ASSERT_FALSE(h.engine.owner());
  ASSERT_EQ(h.engine.problem(), "the jobs are being read back");
}

TEST(Engine, TheLeaseIsRenewedWhileJobsAreReadBack) {
  const auto tables = std::make_shared<MemoryTables>();
  EngineHarness h(tables, {.node = "this"});
  h.Push("job-00001");
  BeginToReadBack(h);
  for (int i = 0; i < 60; ++i) {
    h.Advance(Milliseconds(500));
    ASSERT_FALSE(OtherGetsLease(h, tables)) << i;
  }
  h.store.ReleaseLoads();
  h.Turns();
  EXPECT_EQ(h.engine.problem(), std::nullopt);
  EXPECT_EQ(h.engine.counts().enqueued, 1u);
}

TEST(Engine, WhatWasReadForALeaseThatIsLostIsForgotten) {
  const auto tables = std::make_shared<MemoryTables>();
  EngineHarness h(tables, {.node = "this"});
  h.Push("job-00001");
  BeginToReadBack(h);
  h.store.TakeOver("third");
  h.Advance(Seconds(10));
  h.store.ReleaseLoads();
  h.Advance(Seconds(2));
  ASSERT_TRUE(h.engine.owner());
  EXPECT_EQ(h.engine.owner()->node, "third");
  EXPECT_EQ(h.engine.counts().enqueued, 0u);
  h.Advance(Hours(1));
  h.Advance(Seconds(2));
  EXPECT_EQ(h.engine.problem(), std::nullopt);
  EXPECT_EQ(h.engine.counts().enqueued, 1u);
}

TEST(Engine, NothingIsServedBeforeItIsSureThatTheLeaseStands) {
  const auto tables = std::make_shared<MemoryTables>();
  EngineHarness h(tables, {.node = "this"});
  h.Push("job-00001");
  BeginToReadBack(h);
  h.store.FailOthers(1'000'000, {.code = Errc::kUnavailable, .detail = "away"});
  h.Advance(Seconds(10));
  h.store.ReleaseLoads();
  h.store.FailOthers(0, {});
  h.Turns();
  EXPECT_TRUE(h.engine.problem());
  EXPECT_EQ(h.engine.Push(MakeJob("job-00002")).error().code, Errc::kNotAvailable);
  h.Advance(Seconds(4));
  EXPECT_EQ(h.engine.problem(), std::nullopt);
}

TEST(Engine, AStopGivesTheLeaseBackAlsoWhileJobsAreReadBack) {
  const auto tables = std::make_shared<MemoryTables>();
  EngineHarness h(tables, {.node = "this"});
  BeginToReadBack(h);
  Stop(h);
  EXPECT_TRUE(OtherGetsLease(h, tables));
}

}  // namespace
}  // namespace tidemill::jobs
