// The rules for single jobs: uniqueness, expiry, priorities, reservations, what workers say, what somebody
// wants with a job.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "jobs/engine/engine.h"
#include "jobs/engine/testing/harness.h"
#include "jobs/job/timestamp.h"

namespace tidemill::jobs {
namespace {

using testing::EngineHarness;
using testing::Fetched;
using testing::MakeJob;
using testing::MemoryTables;

using Jids = std::vector<std::string>;
constexpr std::string_view kUnique = R"("custom":{"unique_for":60})";

std::string At(const EngineHarness& h, Duration in) {
  return R"("at":")" + job::ToTimestamp(h.clock.WallNow() + in) + '"';
}

TEST(EngineRules, AUniqueJobHoldsItsLockUntilItSucceeds) {
  EngineHarness h;
  h.Push("job-00001", std::string(kUnique) + R"(,"retry":3)");
  const auto refused = h.engine.Push(MakeJob("job-00002", kUnique));
  EXPECT_EQ(refused.error().code, Errc::kAlreadyExists);
  EXPECT_EQ(refused.error().detail, "job-00001");
  Fetched fetched(h.engine, "worker-1", {"default"});
  EXPECT_FALSE(h.engine.Push(MakeJob("job-00002", kUnique)));
  ASSERT_TRUE(h.engine.Fail("job-00001", {}));
  EXPECT_FALSE(h.engine.Push(MakeJob("job-00002", kUnique)));
  h.Advance(Seconds(50));
  Fetched again(h.engine, "worker-1", {"default"});
  ASSERT_EQ(again.jids(), Jids{"job-00001"});
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  EXPECT_TRUE(h.engine.Push(MakeJob("job-00002", kUnique)));
}

TEST(EngineRules, ALockEndsAtTheStartIfTheJobSaysSo) {
  EngineHarness h;
  const std::string until_start = R"("custom":{"unique_for":60,"unique_until":"start"})";
  h.Push("job-00001", until_start);
  EXPECT_FALSE(h.engine.Push(MakeJob("job-00002", until_start)));
  Fetched fetched(h.engine, "worker-1", {"default"});
  EXPECT_TRUE(h.engine.Push(MakeJob("job-00002", until_start)));
  EXPECT_TRUE(h.Commit());
  // The end of the first does not release what the second has.
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  EXPECT_FALSE(h.engine.Push(MakeJob("job-00003", until_start)));
}

TEST(EngineRules, ALockRunsOutAndSurvivesARestart) {
  auto tables = std::make_shared<MemoryTables>();
  {
    EngineHarness h(tables);
    h.Push("job-00001", kUnique);
  }
  EngineHarness h(tables);
  EXPECT_FALSE(h.engine.Push(MakeJob("job-00002", kUnique)));
  h.Advance(Seconds(61));
  EXPECT_TRUE(h.engine.Push(MakeJob("job-00002", kUnique)));
}

TEST(EngineRules, LocksHaveALimit) {
  EngineHarness h(std::make_shared<MemoryTables>(), {.unique_max = 1});
  h.Push("job-00001", kUnique);
  const auto refused =
      h.engine.Push(MakeJob("job-00002", R"("custom":{"unique_for":60,"unique_key":"other"})"));
  EXPECT_EQ(refused.error().code, Errc::kLimitExceeded);
  EXPECT_NE(refused.error().detail.find("jobs.unique_max"), std::string::npos);
}

TEST(EngineRules, AnExpiredJobIsNotGiven) {
  EngineHarness h;
  h.Push("job-00001",
         R"("custom":{"expires_at":")" + job::ToTimestamp(h.clock.WallNow() + Seconds(5)) + R"("})");
  h.Push("job-00002");
  h.Advance(Seconds(6));
  Fetched fetched(h.engine, "worker-1", {"default"});
  EXPECT_EQ(fetched.jids(), Jids{"job-00002"});
  EXPECT_TRUE(h.Commit());
  EXPECT_EQ(h.store.tables().ready.size(), 1u);
}

TEST(EngineRules, ManyExpiredJobsDoNotHoldUpATurn) {
  EngineHarness h;
  const std::string expired =
      R"("custom":{"expires_at":")" + job::ToTimestamp(h.clock.WallNow() + Seconds(5)) + R"("})";
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(h.engine.Push(MakeJob("expired-" + std::to_string(i), expired)));
  h.Push("job-00002");
  h.Advance(Seconds(6));
  Fetched fetched(h.engine, "worker-1", {"default"});
  EXPECT_TRUE(fetched.jobs.empty());  // it has looked through some of them
  h.Turns(40);
  EXPECT_EQ(fetched.jids(), Jids{"job-00002"});
}

TEST(EngineRules, HigherPrioritiesGoFirst) {
  EngineHarness h;
  h.Push("job-00001", R"("priority":1)");
  h.Push("job-00005");
  h.Push("job-00009", R"("priority":9)");
  Fetched a(h.engine, "w", {"default"});
  Fetched b(h.engine, "w", {"default"});
  Fetched c(h.engine, "w", {"default"});
  EXPECT_EQ(a.jids(), Jids{"job-00009"});
  EXPECT_EQ(b.jids(), Jids{"job-00005"});
  EXPECT_EQ(c.jids(), Jids{"job-00001"});
}

TEST(EngineRules, AReservationThatRunsOutIsAFailure) {
  EngineHarness h;
  h.Push("job-00001", R"("reserve_for":60,"custom":{"retry_schedule":[1]})");
  Fetched fetched(h.engine, "worker-1", {"default"});
  Fetched other(h.engine, "worker-2", {"default"});
  ASSERT_TRUE(h.engine.AddWorker({.wid = "worker-1"}));
  h.engine.WorkerConnected("worker-1");
  h.Advance(Seconds(59));
  EXPECT_TRUE(other.jobs.empty());
  h.Advance(Seconds(3));
  ASSERT_EQ(other.jids(), Jids{"job-00001"});
  EXPECT_NE(other.jobs[0].text.find("ReservationExpired"), std::string::npos);
}

TEST(EngineRules, AWorkerExtendsItsReservation) {
  EngineHarness h;
  h.Push("job-00001", R"("reserve_for":60)");
  Fetched fetched(h.engine, "worker-1", {"default"});
  h.Advance(Milliseconds(100));
  ASSERT_TRUE(h.engine.SetTrack("job-00001", {.reserve_until = h.clock.WallNow() + Seconds(300)}));
  h.Advance(Seconds(200));
  EXPECT_EQ(h.engine.counts().working, 1u);
  EXPECT_EQ(h.store.tables().claims.begin()->second.until, h.clock.WallNow() + Seconds(100));
}

TEST(EngineRules, AWorkerThatIsGoneGivesItsJobsBackWithinAMinute) {
  EngineHarness h;
  h.Push("job-00001");
  ASSERT_TRUE(h.engine.AddWorker({.wid = "worker-1"}));
  h.engine.WorkerConnected("worker-1");
  Fetched fetched(h.engine, "worker-1", {"default"});
  Fetched other(h.engine, "worker-2", {"default"});
  h.Advance(Seconds(100));
  EXPECT_TRUE(other.jobs.empty());  // it is connected
  h.engine.WorkerDisconnected("worker-1");
  h.Turns();
  ASSERT_TRUE(h.engine.Beat("worker-2", 0, {}).error().code == Errc::kNotFound);
  h.Advance(Seconds(1));
  ASSERT_EQ(other.jids(), Jids{"job-00001"});
  EXPECT_EQ(other.jobs[0].attempt, 1);  // no failure was counted
}

TEST(EngineRules, AHeartbeatKeepsWhatAWorkerHas) {
  EngineHarness h;
  h.Push("job-00001");
  ASSERT_TRUE(h.engine.AddWorker({.wid = "worker-1"}));
  h.engine.WorkerConnected("worker-1");
  Fetched fetched(h.engine, "worker-1", {"default"});
  h.engine.WorkerDisconnected("worker-1");
  for (int i = 0; i < 10; ++i) {
    h.Advance(Seconds(30));
    ASSERT_TRUE(h.engine.Beat("worker-1", 1000, {}));
  }
  EXPECT_EQ(h.engine.counts().working, 1u);
  h.Advance(Seconds(61));
  EXPECT_EQ(h.engine.counts().working, 0u);
  EXPECT_EQ(h.engine.counts().workers, 0u);
}

TEST(EngineRules, AJobThatTakesItsWorkersDownFailsInTheEnd) {
  EngineHarness h;
  h.Push("job-00001", R"("retry":0)");
  for (int i = 0; i < 10 && h.engine.counts().failures == 0; ++i) {
    const std::string wid = "worker-" + std::to_string(i);
    ASSERT_TRUE(h.engine.AddWorker({.wid = wid}));
    Fetched fetched(h.engine, wid, {"default"});
    ASSERT_EQ(fetched.jids(), Jids{"job-00001"}) << i;
    h.Advance(Seconds(61));
  }
  EXPECT_EQ(h.engine.counts().failures, 1u);
  EXPECT_TRUE(h.Commit());
  EXPECT_TRUE(h.store.tables().ready.empty());
}

TEST(EngineRules, AWorkerOfAnEarlierTimeIsWaitedFor) {
  auto tables = std::make_shared<MemoryTables>();
  {
    EngineHarness h(tables);
    h.Push("job-00001");
    Fetched fetched(h.engine, "worker-1", {"default"});
    h.Advance(Milliseconds(200));
  }
  EngineHarness h(tables);
  Fetched other(h.engine, "worker-2", {"default"});
  h.Advance(Seconds(58));
  EXPECT_TRUE(other.jobs.empty());
  h.Advance(Seconds(4));
  EXPECT_EQ(other.jids(), Jids{"job-00001"});
}

TEST(EngineRules, AQuietWorkerGetsNothing) {
  EngineHarness h;
  ASSERT_TRUE(h.engine.AddWorker({.wid = "worker-1"}));
  Fetched waits(h.engine, "worker-1", {"default"});
  EXPECT_EQ(h.engine.Signal("worker-1", WorkerState::kQuiet), 1u);
  h.Push("job-00001");
  h.Turns();
  EXPECT_TRUE(waits.jobs.empty());
  EXPECT_EQ(*h.engine.Beat("worker-1", 0, {}), WorkerState::kQuiet);
  EXPECT_EQ(*h.engine.Beat("worker-1", 0, WorkerState::kRunning), WorkerState::kQuiet);
  Fetched other(h.engine, "worker-2", {"default"});
  EXPECT_EQ(other.jids(), Jids{"job-00001"});
}

TEST(EngineRules, ASecondJobOfTheSameJidWaitsForTheFirst) {
  EngineHarness h;
  h.Push("job-00001");
  Fetched first(h.engine, "worker-1", {"default"});
  h.Push("job-00001");
  Fetched second(h.engine, "worker-2", {"default"});
  h.Turns();
  EXPECT_TRUE(second.jobs.empty());
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  h.Turns();
  EXPECT_EQ(second.jids(), Jids{"job-00001"});
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  EXPECT_TRUE(h.Commit());
  EXPECT_TRUE(h.store.tables().ready.empty());
}

TEST(EngineRules, GivenBackAJobGoesFirstAndCountsNoFailure) {
  EngineHarness h;
  h.Push("job-00001");
  h.Push("job-00002");
  Fetched first(h.engine, "worker-1", {"default"});
  ASSERT_TRUE(h.engine.GiveBack("job-00001"));
  Fetched second(h.engine, "worker-1", {"default"});
  ASSERT_EQ(second.jids(), Jids{"job-00001"});
  EXPECT_EQ(second.jobs[0].attempt, 1);
  EXPECT_EQ(h.engine.counts().failures, 0u);
}

TEST(EngineRules, ACheckpointReachesTheNextAttempt) {
  for (const bool fails : {true, false}) {
    auto tables = std::make_shared<MemoryTables>();
    {
      EngineHarness h(tables);
      h.Push("job-00001", R"("custom":{"retry_schedule":[1],"mine":[1,2]})");
      Fetched first(h.engine, "worker-1", {"default"});
      ASSERT_TRUE(h.engine.SetTrack("job-00001", {.checkpoint = "{\"row\":\n17}"}));
      if (fails) {
        ASSERT_TRUE(h.engine.Fail("job-00001", {}));
      } else {
        ASSERT_TRUE(h.engine.GiveBack("job-00001"));
      }
      ASSERT_TRUE(h.Commit());
    }
    EngineHarness h(tables);
    Fetched second(h.engine, "worker-1", {"default"});
    h.Advance(Seconds(2));
    ASSERT_EQ(second.jids(), Jids{"job-00001"});
    const std::string& text = second.jobs[0].text;
    EXPECT_NE(text.find(R"("checkpoint":{"row":)"), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    EXPECT_NE(text.find(R"("mine":[1,2])"), std::string::npos) << text;
  }
}

TEST(EngineRules, WhatIsSaidOfAJobIsKeptForAWhileAfterItsEnd) {
  EngineHarness h;
  h.Push("job-00001");
  Fetched first(h.engine, "worker-1", {"default"});
  ASSERT_TRUE(h.engine.SetTrack("job-00001", {.percent = 40, .description = "half", .log = {"begun"}}));
  auto view = h.Run(h.engine.Find("job-00001"));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->state, JobState::kWorking);
  EXPECT_EQ(view->track.percent, 40);
  EXPECT_EQ(h.engine.SetTrack("job-00001", {.percent = 101}).error().code, Errc::kInvalidArgument);
  EXPECT_EQ(h.engine.Ack("job-00001", "no JSON").error().code, Errc::kInvalidArgument);
  ASSERT_TRUE(h.engine.Ack("job-00001", R"({"sum":3})"));
  ASSERT_TRUE(h.Commit());
  view = h.Run(h.engine.Find("job-00001"));
  ASSERT_TRUE(view) << view.error().detail;
  EXPECT_EQ(view->state, JobState::kDone);
  EXPECT_EQ(view->result, R"({"sum":3})");
  EXPECT_EQ(view->track.log, Jids{"begun"});
  EXPECT_TRUE(h.Run(h.engine.SetEndedTrack("job-00001", {.percent = 100})));
  EXPECT_EQ(h.Run(h.engine.SetEndedTrack("job-00001", {.percent = 101})).error().code,
            Errc::kInvalidArgument);
  EXPECT_EQ(h.Run(h.engine.SetEndedTrack("job-00002", {.percent = 1})).error().code, Errc::kNotFound);
  view = h.Run(h.engine.Find("job-00001"));
  EXPECT_EQ(view->state, JobState::kDone);
  EXPECT_EQ(view->track.percent, 100);
  EXPECT_EQ(view->track.description, "half");
  h.Advance(Minutes(32));
  EXPECT_EQ(h.Run(h.engine.Find("job-00001")).error().code, Errc::kNotFound);
  EXPECT_TRUE(h.store.tables().records.empty() || !h.store.tables().records.contains({"track", "job-00001"}));
}

TEST(EngineRules, EveryStateIsFound) {
  EngineHarness h;
  h.Push("job-queued");
  h.Push("job-scheduled", At(h, Seconds(60)));
  h.Push("job-retry00", R"("queue":"other")");
  h.Push("job-dead000", R"("queue":"dead","retry":-1)");
  Fetched a(h.engine, "w", {"other"});
  Fetched b(h.engine, "w", {"dead"});
  ASSERT_TRUE(h.engine.Fail("job-retry00", {}));
  ASSERT_TRUE(h.engine.Fail("job-dead000", {}));
  const auto state = [&](const char* jid) { return h.Run(h.engine.Find(jid))->state; };
  EXPECT_EQ(state("job-queued"), JobState::kQueued);
  EXPECT_EQ(state("job-scheduled"), JobState::kScheduled);
  EXPECT_EQ(state("job-retry00"), JobState::kRetry);
  EXPECT_EQ(state("job-dead000"), JobState::kDead);
  EXPECT_EQ(h.Run(h.engine.Find("job-nothing")).error().code, Errc::kNotFound);
}

TEST(EngineRules, CancelledAJobDoesNotRun) {
  EngineHarness h;
  h.Push("job-queued", kUnique);
  h.Push("job-scheduled", At(h, Seconds(10)));
  h.Push("job-working", R"("queue":"other")");
  Fetched working(h.engine, "w", {"other"});
  EXPECT_EQ(*h.Run(h.engine.Cancel("job-queued")), JobState::kQueued);
  EXPECT_EQ(*h.Run(h.engine.Cancel("job-scheduled")), JobState::kScheduled);
  EXPECT_EQ(*h.Run(h.engine.Cancel("job-working")), JobState::kWorking);
  EXPECT_EQ(h.Run(h.engine.Cancel("job-nothing")).error().code, Errc::kNotFound);
  EXPECT_EQ(h.engine.SetTrack("job-working", {.percent = 1}).error().code, Errc::kCancelled);
  ASSERT_TRUE(h.engine.Fail("job-working", {}));  // it is not tried again
  EXPECT_EQ(h.engine.counts().retries, 0u);
  EXPECT_EQ(h.engine.counts().enqueued, 0u);
  Fetched fetched(h.engine, "w", {"default", "other"});
  h.Advance(Seconds(20));
  EXPECT_TRUE(fetched.jobs.empty());
  EXPECT_TRUE(h.store.tables().ready.empty());
  EXPECT_TRUE(h.store.tables().later.empty());
  EXPECT_TRUE(h.engine.Push(MakeJob("job-again0", kUnique)));
}

TEST(EngineRules, ADeadJobBeginsAnew) {
  EngineHarness h;
  h.Push("job-00001", R"("retry":-1)");
  Fetched a(h.engine, "w", {"default"});
  ASSERT_TRUE(h.engine.Fail("job-00001", {}));
  ASSERT_TRUE(h.Run(h.engine.Retry("job-00001")));
  EXPECT_EQ(h.engine.counts().dead, 0u);
  Fetched b(h.engine, "w", {"default"});
  ASSERT_EQ(b.jids(), Jids{"job-00001"});
  EXPECT_EQ(b.jobs[0].attempt, 1);
  EXPECT_TRUE(h.Commit());
  EXPECT_TRUE(h.store.tables().dead.empty());
  EXPECT_EQ(h.store.tables().ready.size(), 1u);
}

TEST(EngineRules, TheDeadAreKeptForHalfAYear) {
  EngineHarness h;
  h.Push("job-00001", R"("retry":-1)");
  Fetched a(h.engine, "w", {"default"});
  ASSERT_TRUE(h.engine.Fail("job-00001", {}));
  ASSERT_TRUE(h.Commit());
  EXPECT_EQ(h.store.tables().dead.begin()->second.expires_at, h.clock.WallNow() + Hours(24 * 180));
  h.clock.StepWall(Hours(24 * 180));
  h.Advance(Minutes(2));
  EXPECT_TRUE(h.store.tables().dead.empty());
  EXPECT_EQ(h.engine.counts().dead, 0u);
}

TEST(EngineRules, BulkActionsMoveWhatTheyAreMeantFor) {
  EngineHarness h;
  for (int i = 0; i < 1200; ++i) {
    ASSERT_TRUE(h.engine.Push(MakeJob("even-" + std::to_string(10'000 + i), At(h, Seconds(600)))));
  }
  h.Push("odd-00001", At(h, Seconds(600)));
  const auto is_even = [](std::string_view text) { return text.contains("even-"); };
  using Action = BulkAction::Action;
  EXPECT_EQ(*h.Run(h.engine.Apply({.action = Action::kKill, .place = Place::kLater, .matches = is_even})),
            1200u);
  EXPECT_EQ(h.engine.counts().scheduled, 1u);
  EXPECT_EQ(h.engine.counts().dead, 1200u);
  EXPECT_EQ(
      *h.Run(h.engine.Apply({.action = Action::kRequeue, .jids = {"even-10000", "odd-00001", "none-0000"}})),
      1u);
  EXPECT_EQ(*h.Run(h.engine.Apply({.action = Action::kDiscard})), 1199u);
  EXPECT_EQ(h.engine.counts().dead, 0u);
  EXPECT_EQ(h.engine.counts().enqueued, 1u);
  EXPECT_TRUE(h.store.tables().dead.empty());
}

TEST(EngineRules, AFullQueueRefusesAndNamesTheSetting) {
  EngineHarness h(std::make_shared<MemoryTables>(), {.queues = {{"small", {.depth_max = 1}}}});
  h.Push("job-00001", R"("queue":"small")");
  const auto refused = h.engine.Push(MakeJob("job-00002", R"("queue":"small")"));
  EXPECT_EQ(refused.error().code, Errc::kLimitExceeded);
  EXPECT_NE(refused.error().detail.find("depth_max"), std::string::npos);
  EXPECT_TRUE(h.engine.Push(MakeJob("job-00003")));
}

TEST(EngineRules, WhatWaitsToBeWrittenHasALimit) {
  EngineHarness h(std::make_shared<MemoryTables>(), {.unflushed_rows_max = 10});
  h.store.HoldCommits();
  int taken = 0;
  while (h.engine.Push(MakeJob("job-" + std::to_string(10'000 + taken)))) ASSERT_LE(++taken, 10);
  EXPECT_EQ(taken, 10);
  h.store.ReleaseCommits();
  ASSERT_TRUE(h.Commit());
  EXPECT_TRUE(h.engine.Push(MakeJob("job-later0")));
}

TEST(EngineRules, ARelaxedQueueAnswersBeforeTheCommit) {
  EngineHarness h(std::make_shared<MemoryTables>(),
                  {.queues = {{"quick", {.durability = Durability::kRelaxed}}}});
  h.store.HoldCommits();
  ASSERT_TRUE(h.engine.Push(MakeJob("job-00001", R"("queue":"quick")")));
  EXPECT_TRUE(h.Commit());
  Fetched fetched(h.engine, "w", {"quick"});
  ASSERT_EQ(fetched.jids(), Jids{"job-00001"});
  ASSERT_TRUE(h.engine.Push(MakeJob("job-00002", R"("queue":"quick")")));
  Fetched second(h.engine, "w", {"quick"});
  ASSERT_TRUE(h.engine.Ack("job-00002", ""));
  h.store.ReleaseCommits();
  h.Turns(50);
  // The second came and went within one flush.
  EXPECT_EQ(h.store.tables().ready.size(), 1u);
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  h.Turns(50);
  EXPECT_TRUE(h.store.tables().ready.empty());
}

TEST(EngineRules, AMemoryQueueIsNeverWritten) {
  EngineHarness h(std::make_shared<MemoryTables>(),
                  {.queues = {{"ram", {.durability = Durability::kMemory}}}});
  h.store.HoldCommits();
  ASSERT_TRUE(h.engine.Push(MakeJob("job-00001", R"("queue":"ram","custom":{"retry_schedule":[1]})")));
  EXPECT_TRUE(h.Commit());
  Fetched a(h.engine, "w", {"ram"});
  ASSERT_TRUE(h.engine.Fail("job-00001", {}));
  EXPECT_EQ(h.Run(h.engine.Find("job-00001"))->state, JobState::kRetry);
  Fetched b(h.engine, "w", {"ram"});
  h.Advance(Seconds(2));
  ASSERT_EQ(b.jids(), Jids{"job-00001"});
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  ASSERT_TRUE(h.engine.Push(MakeJob("job-00002", R"("queue":"ram","retry":-1)")));
  Fetched c(h.engine, "w", {"ram"});
  ASSERT_TRUE(h.engine.Fail("job-00002", {}));
  h.store.ReleaseCommits();
  h.Advance(Seconds(2));
  EXPECT_TRUE(h.store.tables().ready.empty());
  EXPECT_TRUE(h.store.tables().later.empty());
  EXPECT_EQ(h.store.tables().dead.size(), 1u);
}

TEST(EngineRules, AQueueThatSomebodyWaitsOnIsListed) {
  EngineHarness h;
  Fetched fetched(h.engine, "worker-1", {"default"});
  ASSERT_EQ(h.engine.Queues().size(), 1u);
  EXPECT_EQ(h.engine.Queues()[0].waiting_fetches, 1u);
}

TEST(EngineRules, RemovedAQueueIsEmptyAndTakesJobsAgain) {
  EngineHarness h;
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(h.engine.Push(MakeJob("job-" + std::to_string(10'000 + i))));
  ASSERT_TRUE(h.Commit());
  EXPECT_EQ(h.engine.Queues().size(), 1u);
  EXPECT_EQ(*h.Run(h.engine.RemoveQueue("default")), 300u);
  EXPECT_TRUE(h.store.tables().ready.empty());
  EXPECT_EQ(h.engine.counts().enqueued, 0u);
  // It is listed no more, though somebody waits for its jobs.
  Fetched fetched(h.engine, "worker-1", {"default"});
  EXPECT_TRUE(h.engine.Queues().empty());
  h.Push("job-00001");
  EXPECT_EQ(fetched.jids(), Jids{"job-00001"});
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  ASSERT_EQ(h.engine.Queues().size(), 1u);
  EXPECT_EQ(h.engine.Queues()[0].ready, 0u);
}

TEST(EngineRules, ClearingLeavesNothingButPausedQueues) {
  EngineHarness h;
  h.Push("job-00001", kUnique);
  h.Push("job-00002", At(h, Seconds(60)));
  ASSERT_TRUE(h.engine.Pause("default"));
  ASSERT_TRUE(h.Run(h.engine.Clear()));
  EXPECT_EQ(h.engine.problem(), std::nullopt);
  EXPECT_EQ(h.engine.counts().enqueued + h.engine.counts().scheduled, 0u);
  EXPECT_TRUE(h.store.tables().ready.empty());
  h.Push("job-00003", kUnique);
  Fetched fetched(h.engine, "w", {"default"});
  h.Turns();
  EXPECT_TRUE(fetched.jobs.empty());
  ASSERT_TRUE(h.engine.Resume("default"));
  h.Turns();
  EXPECT_EQ(fetched.jids(), Jids{"job-00003"});
}

TEST(EngineRules, AStopWritesWhatWorkersHaveAndLetsTheLeaseGo) {
  auto tables = std::make_shared<MemoryTables>();
  {
    EngineHarness h(tables);
    h.Push("job-00001");
    Fetched fetched(h.engine, "worker-1", {"default"});
    bool done = false;
    TaskScope scope;
    scope.Spawn([](Engine& engine, bool& out) -> Task<void> {
      co_await engine.Stop();
      out = true;
    }(h.engine, done));
    h.Turns(50);
    EXPECT_TRUE(done);
    EXPECT_EQ(h.engine.Push(MakeJob("job-00002")).error().code, Errc::kNotAvailable);
  }
  EXPECT_EQ(tables->claims.size(), 1u);
  EngineHarness h(tables, {.node = "another"});
  EXPECT_EQ(h.engine.problem(), std::nullopt);
  EXPECT_TRUE(h.engine.Ack("job-00001", ""));
}

TEST(EngineRules, AClockThatIsSetBackDoesNotHoldUpRetries) {
  EngineHarness h;
  h.Push("job-00001", R"("custom":{"retry_schedule":[10]})");
  h.Push("job-00002", At(h, Seconds(10)));
  Fetched a(h.engine, "w", {"default"});
  ASSERT_TRUE(h.engine.Fail("job-00001", {}));
  Fetched b(h.engine, "w", {"default"});
  Fetched c(h.engine, "w", {"default"});
  h.Advance(Seconds(1));
  h.clock.StepWall(Seconds(-3600));
  h.Advance(Seconds(12));
  EXPECT_EQ(b.jids(), Jids{"job-00001"});
  EXPECT_TRUE(c.jobs.empty());  // that one is for a time of day
  h.clock.StepWall(Seconds(3600));
  h.Advance(Seconds(2));
  EXPECT_EQ(c.jids(), Jids{"job-00002"});
}

TEST(EngineRules, ThousandsThatAreDueTogetherStartTogether) {
  EngineHarness h(std::make_shared<MemoryTables>(),
                  {.later_in_memory = 1000, .later_text_bytes_max = 1 << 20});
  for (int i = 0; i < 4000; ++i) {
    ASSERT_TRUE(h.engine.Push(MakeJob("job-" + std::to_string(10'000 + i), At(h, Seconds(100)))));
    if (i % 500 == 0) h.Turns(3);
  }
  ASSERT_TRUE(h.Commit());
  h.Advance(Seconds(99));
  EXPECT_EQ(h.engine.counts().enqueued, 0u);
  h.clock.Advance(Milliseconds(1020));
  for (int i = 0; i < 3000 && h.engine.counts().enqueued < 4000; ++i) h.Turns(1);
  EXPECT_EQ(h.engine.counts().enqueued, 4000u);
  EXPECT_EQ(h.engine.counts().scheduled, 0u);
  h.Turns(100);
  EXPECT_EQ(h.store.tables().ready.size(), 4000u);
  EXPECT_TRUE(h.store.tables().later.empty());
}

}  // namespace
}  // namespace tidemill::jobs
