// FLUSH and a stop while the store is slow, fails or locks: what was answered stays, and a refused FLUSH has
// done nothing.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jobs/engine/testing/harness.h"

namespace tidemill::jobs {
namespace {

using testing::EngineHarness;
using testing::Fetched;
using testing::MakeJob;
using testing::MemoryTables;
using Jids = std::vector<std::string>;

constexpr std::string_view kQuick = R"("queue":"quick")";

EngineOptions Answering(AckAnswer acks) {
  EngineOptions options;
  options.acks = acks;
  options.rescue_after = Seconds(2);
  options.queues = {{"quick", {.durability = Durability::kRelaxed}}};
  return options;
}

struct Node : EngineHarness {
  explicit Node(AckAnswer acks = AckAnswer::kFlushed)
      : EngineHarness(std::make_shared<MemoryTables>(), Answering(acks)) {}

  void BeginToClear() {
    cleared.reset();
    scope.Spawn([](Node& self) -> Task<void> { self.cleared = co_await self.engine.Clear(); }(*this));
    Turns();
  }
  // The store takes so long that the FLUSH is refused. It answers again then.
  void ClearInVain() {
    BeginToClear();
    Advance(Seconds(11));
    ASSERT_TRUE(cleared);
    EXPECT_EQ(cleared->error().code, Errc::kTimeout);
    store.ReleaseCommits();
    ASSERT_TRUE(Commit());
  }
  // A flush that is under way, and does not end.
  void HoldAFlush() {
    store.HoldCommits();
    ASSERT_TRUE(engine.Push(MakeJob("held-00001", R"("queue":"other")")));
    Turns();
  }
  // A worker has it.
  void Reserve(std::string jid) {
    Push(jid);
    EXPECT_EQ(Fetched(engine, "worker-1", {"default"}).jids(), Jids{jid});
    ASSERT_TRUE(Commit());
  }
  // What a start finds.
  Jids Stored() {
    Jids jids;
    for (const auto& [id, job] : store.tables().ready) jids.push_back(job.jid);
    return jids;
  }

  std::optional<Result<>> cleared;
  TaskScope scope;
};

TEST(Clearing, ARefusedOneTakesNothingTwiceFromTheInbox) {
  Node n;
  n.HoldAFlush();
  n.store.tables().Enqueue(R"({"jid":"sql-000001","jobtype":"T","args":[]})");
  n.Advance(Seconds(1));  // it is taken, which is not written
  n.ClearInVain();
  n.Advance(Seconds(2));
  EXPECT_TRUE(n.store.tables().inbox.empty());
  EXPECT_EQ(n.Stored(), (Jids{"held-00001", "sql-000001"}));
  EXPECT_EQ(n.store.others_at_once(), 1u) << "two look into the inbox";
}

TEST(Clearing, ARefusedOneRescuesTheJobsOfWorkersThatAreGone) {
  Node n;
  ASSERT_TRUE(n.engine.AddWorker({.wid = "worker-1"}));
  n.Reserve("job-00001");
  n.HoldAFlush();
  n.ClearInVain();
  EXPECT_EQ(Fetched(n.engine, "worker-2", {"default"}).jids(), Jids{"job-00001"});
}

TEST(Clearing, ARefusedOneLetsABatchThatIsCommittedMeanwhileCallBack) {
  Node n;
  BatchDefinition definition{.description = "d", .parent = "", .complete = {}, .success = {}};
  definition.complete = MakeJob("callback-1", R"("queue":"callbacks")");
  const std::string bid = n.engine.NewBatch(std::move(definition)).value();
  ASSERT_TRUE(n.Commit());
  n.store.HoldCommits();
  ASSERT_TRUE(n.engine.CommitBatch(bid));
  n.Turns();
  ASSERT_TRUE(n.engine.Push(MakeJob("held-00001", R"("queue":"other")")));
  n.BeginToClear();
  n.store.ReleaseCommits();
  n.store.HoldCommits();  // the next flush
  n.Turns();
  ASSERT_FALSE(n.cleared);
  EXPECT_EQ(n.engine.problem(), "the jobs are being cleared");
  n.Advance(Seconds(11));
  ASSERT_TRUE(n.cleared);
  n.store.ReleaseCommits();
  n.Turns(100);
  EXPECT_EQ(Fetched(n.engine, "worker-1", {"callbacks"}).jids(), Jids{"callback-1"});
}

TEST(Clearing, IsRefusedWhenWhatIsUnwrittenCannotBeWritten) {
  for (const Errc code : {Errc::kLimitExceeded, Errc::kTimeout}) {
    Node n(AckAnswer::kReceived);
    n.Reserve("job-00001");
    n.Push("job-00002");
    n.store.FailCommits(1, {code, "locked"});
    ASSERT_TRUE(n.engine.Ack("job-00001", ""));
    ASSERT_TRUE(n.engine.answers_acks_at_once());
    n.BeginToClear();
    ASSERT_TRUE(n.cleared);
    EXPECT_EQ(n.cleared->error(), (Error{code, "nothing was cleared: locked"}));
    EXPECT_EQ(n.engine.problem(), std::nullopt);
    n.Advance(Seconds(1));
    EXPECT_EQ(n.Stored(), Jids{"job-00002"});
  }
}

TEST(Clearing, ThatFailsHasWrittenWhatWasAnsweredBefore) {
  Node n(AckAnswer::kReceived);
  n.Reserve("job-00001");
  ASSERT_TRUE(n.engine.Ack("job-00001", ""));
  n.HoldAFlush();
  ASSERT_TRUE(n.engine.Push(MakeJob("quick-0001", kQuick)));  // the next flush, for which nobody waits
  n.BeginToClear();
  n.store.FailOthers(1, {Errc::kUnavailable, "away"});
  n.store.ReleaseCommits();
  n.Turns(100);
  ASSERT_TRUE(n.cleared);
  EXPECT_FALSE(*n.cleared);
  EXPECT_EQ(n.engine.problem(), std::nullopt);
  EXPECT_EQ(n.Stored(), (Jids{"held-00001", "quick-0001"}));
  EXPECT_EQ(Fetched(n.engine, "worker-1", {"quick"}).jids(), Jids{"quick-0001"});
  n.BeginToClear();
  ASSERT_TRUE(n.cleared);
  EXPECT_TRUE(*n.cleared);
  EXPECT_TRUE(n.Stored().empty());
}

// The flush that failed leaves nothing to be written: who waits for it is told all the same.
TEST(Clearing, ComesSoonAfterAPushThatFailed) {
  Node n;
  n.store.FailCommits(1, {Errc::kLimitExceeded, "disk full"});
  ASSERT_TRUE(n.engine.Push(MakeJob("job-00001")));
  n.Turns();
  n.BeginToClear();
  n.Advance(Seconds(1));
  ASSERT_TRUE(n.cleared);
  EXPECT_TRUE(*n.cleared) << n.cleared->error().detail;
}

TEST(Clearing, AStopMeanwhileWritesWhatWasAnswered) {
  Node n(AckAnswer::kReceived);
  n.Reserve("job-00001");
  n.HoldAFlush();
  ASSERT_TRUE(n.engine.Ack("job-00001", ""));
  n.BeginToClear();
  n.BeginToStop();
  n.Advance(Seconds(3));
  EXPECT_FALSE(n.is_stopped);
  n.store.ReleaseCommits();
  n.Turns(100);
  ASSERT_TRUE(n.is_stopped);
  ASSERT_TRUE(n.cleared);
  EXPECT_EQ(n.cleared->error(), (Error{Errc::kNotAvailable, "the node stops"}));
  EXPECT_EQ(n.Stored(), Jids{"held-00001"});
  EXPECT_EQ(n.store.tables().owner->expires_at, WallTime{0}) << "the lease is given back";
  EXPECT_TRUE(n.store.bugs().empty());
}

TEST(Stopping, ALockedStoreIsTriedAgain) {
  Node n(AckAnswer::kReceived);
  n.Reserve("job-00001");
  ASSERT_TRUE(n.engine.Ack("job-00001", ""));
  n.store.FailCommits(3, {Errc::kTimeout, "locked"});
  n.BeginToStop();
  n.Advance(Seconds(3));
  EXPECT_TRUE(n.is_stopped);
  EXPECT_TRUE(n.Stored().empty());
  EXPECT_EQ(n.store.tables().owner->expires_at, WallTime{0}) << "the lease is given back";
}

TEST(Stopping, ALeaseThatIsLostMeanwhileEndsIt) {
  Node n(AckAnswer::kReceived);
  n.Reserve("job-00001");
  n.HoldAFlush();
  ASSERT_TRUE(n.engine.Ack("job-00001", ""));
  n.BeginToStop();
  n.store.TakeOver("other");
  n.store.ReleaseCommits();
  n.Turns(100);
  EXPECT_TRUE(n.is_stopped) << "there is nothing to wait for";
  EXPECT_EQ(n.store.tables().owner->owner.node, "other");
}

TEST(Clearing, ARefusedOneStillReplacesTheJobBefore) {
  Node n;
  ASSERT_TRUE(n.engine.SetSchedule({.name = "tick",
                                    .schedule = "@every 10s",
                                    .overlap = "replace",
                                    .job = R"({"jobtype":"Tick","args":[]})"}));
  n.Advance(Seconds(12));
  ASSERT_TRUE(n.Commit());
  EXPECT_EQ(n.Stored(), Jids{"tick-1800000010000"});
  n.HoldAFlush();
  n.ClearInVain();  // it fires meanwhile
  n.Advance(Seconds(1));
  ASSERT_TRUE(n.Commit());
  EXPECT_EQ(n.Stored(), (Jids{"held-00001", "tick-1800000020000"}));
}

TEST(AcksAtOnce, WaitForTheStoreWhileItFails) {
  Node n(AckAnswer::kReceived);
  n.Reserve("job-00001");
  n.store.FailCommits(1, {Errc::kUnavailable, "away"});
  ASSERT_TRUE(n.engine.Ack("job-00001", ""));
  EXPECT_TRUE(n.engine.answers_acks_at_once());
  n.Turns();
  EXPECT_FALSE(n.engine.answers_acks_at_once());
  n.Advance(Seconds(1));
  EXPECT_TRUE(n.engine.answers_acks_at_once());
}

TEST(AcksAtOnce, WaitForTheStoreWhenItIsFarBehind) {
  EngineOptions options = Answering(AckAnswer::kReceived);
  options.unflushed_rows_max = 3;
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  h.store.HoldCommits();
  for (int i = 1; i <= 3; ++i) {
    EXPECT_TRUE(h.engine.answers_acks_at_once());
    ASSERT_TRUE(h.engine.Push(MakeJob("job-0000" + std::to_string(i))));
  }
  EXPECT_FALSE(h.engine.answers_acks_at_once());
  h.store.ReleaseCommits();
  ASSERT_TRUE(h.Commit());
  EXPECT_TRUE(h.engine.answers_acks_at_once());
}

}  // namespace
}  // namespace tidemill::jobs
