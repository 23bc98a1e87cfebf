// Batches and workflows through the engine, with restarts between any two flushes.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "jobs/engine/engine.h"
#include "jobs/engine/testing/harness.h"

namespace tidemill::jobs {
namespace {

using testing::EngineHarness;
using testing::Fetched;
using testing::MakeJob;
using testing::MemoryTables;

using Names = std::vector<std::string>;

BatchDefinition Callbacks(bool complete, bool success, const std::string& parent = "") {
  BatchDefinition definition{.description = "d", .parent = parent, .complete = {}, .success = {}};
  if (complete) definition.complete = MakeJob("cb-complete" + parent, R"("queue":"callbacks")");
  if (success) definition.success = MakeJob("cb-success" + parent, R"("queue":"callbacks")");
  return definition;
}

std::string InBatch(const std::string& bid) { return R"("custom":{"bid":")" + bid + "\"}"; }

// A job of the queue, which is acknowledged; empty: there is none.
std::string RunOne(EngineHarness& h, const std::string& queue) {
  Fetched fetched(h.engine, "worker-1", {queue});
  h.Turns();
  if (fetched.jobs.empty()) return "";
  const std::string jid = fetched.jobs[0].jid;
  EXPECT_TRUE(h.engine.Ack(jid, '"' + jid + '"'));
  return jid;
}

TEST(EngineBatches, CallBackThroughQueues) {
  EngineHarness h;
  const std::string bid = h.engine.NewBatch(Callbacks(true, true)).value();
  EXPECT_TRUE(bid.starts_with("b-"));
  h.Push("job-00001", InBatch(bid));
  h.Push("job-00002", InBatch(bid));
  ASSERT_TRUE(h.engine.CommitBatch(bid));
  ASSERT_TRUE(h.Commit());
  EXPECT_EQ(RunOne(h, "default"), "job-00001");
  EXPECT_EQ(RunOne(h, "callbacks"), "");
  EXPECT_EQ(h.engine.FindBatch(bid)->counts, (BatchCounts{.total = 2, .pending = 1, .failed = 0}));
  EXPECT_EQ(RunOne(h, "default"), "job-00002");
  EXPECT_EQ(RunOne(h, "callbacks"), "cb-complete");
  EXPECT_EQ(RunOne(h, "callbacks"), "cb-success");
  ASSERT_TRUE(h.Commit());
  EXPECT_EQ(h.engine.FindBatch(bid)->success->state, CallbackState::kSucceeded);
  EXPECT_TRUE(h.store.bugs().empty());
}

TEST(EngineBatches, AnEmptyBatchIsSeenToCallBackWhenItsCommitIsAnswered) {
  EngineHarness h;
  const std::string bid = h.engine.NewBatch(Callbacks(true, false)).value();
  ASSERT_TRUE(h.engine.CommitBatch(bid));
  ASSERT_TRUE(h.Commit());
  EXPECT_EQ(h.engine.FindBatch(bid)->complete->state, CallbackState::kEnqueued);
  EXPECT_EQ(RunOne(h, "callbacks"), "cb-complete");
}

TEST(EngineBatches, FailuresKillsAndRedrivesCount) {
  EngineHarness h;
  const std::string bid = h.engine.NewBatch(Callbacks(false, true)).value();
  h.Push("job-00001", R"("retry":-1,)" + InBatch(bid));
  h.Push("job-00002", InBatch(bid));
  h.Push("job-00003", InBatch(bid));
  ASSERT_TRUE(h.engine.CommitBatch(bid));
  Fetched fetched(h.engine, "worker-1", {"default"});
  ASSERT_TRUE(h.engine.Fail("job-00001", {}));
  ASSERT_TRUE(h.Run(h.engine.Kill("job-00002")));
  EXPECT_EQ(h.engine.FindBatch(bid)->counts, (BatchCounts{.total = 3, .pending = 3, .failed = 2}));
  ASSERT_TRUE(h.Run(h.engine.Retry("job-00001")));
  ASSERT_TRUE(h.Run(h.engine.Retry("job-00002")));
  EXPECT_EQ(h.engine.FindBatch(bid)->counts, (BatchCounts{.total = 3, .pending = 3, .failed = 0}));
  while (!RunOne(h, "default").empty()) {
  }
  EXPECT_EQ(RunOne(h, "callbacks"), "cb-success");
  EXPECT_TRUE(h.store.bugs().empty());
}

TEST(EngineBatches, ACancelledJobIsNotWaitedFor) {
  EngineHarness h;
  const std::string bid = h.engine.NewBatch(Callbacks(true, true)).value();
  h.Push("job-00001", InBatch(bid));
  ASSERT_TRUE(h.engine.CommitBatch(bid));
  ASSERT_TRUE(h.Run(h.engine.Cancel("job-00001")));
  EXPECT_EQ(RunOne(h, "callbacks"), "cb-complete");
  EXPECT_EQ(RunOne(h, "callbacks"), "");
}

TEST(EngineBatches, ARefusedPushChangesNothing) {
  EngineOptions options;
  options.queues["memory"].durability = Durability::kMemory;
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  EXPECT_EQ(h.engine.Push(MakeJob("job-00001", InBatch("b-none-there"))).error().detail,
            "No such batch b-none-there");
  const std::string bid = h.engine.NewBatch(Callbacks(true, false)).value();
  EXPECT_EQ(h.engine.Push(MakeJob("job-00001", R"("queue":"memory",)" + InBatch(bid))).error().code,
            Errc::kInvalidArgument);
  EXPECT_EQ(h.engine.FindBatch(bid)->counts.total, 0U);
}

TEST(EngineBatches, WhatAFailedFlushCarriedIsUndone) {
  EngineHarness h;
  const std::string bid = h.engine.NewBatch(Callbacks(true, false)).value();
  ASSERT_TRUE(h.Commit());
  ASSERT_TRUE(h.engine.Push(MakeJob("job-00001", InBatch(bid))));
  ASSERT_TRUE(h.engine.CommitBatch(bid));
  h.store.FailCommits(1, {Errc::kLimitExceeded, "disk full"});
  EXPECT_FALSE(h.Commit());
  h.Advance(Seconds(3));
  EXPECT_EQ(h.engine.FindBatch(bid)->counts.total, 0U);
  EXPECT_FALSE(h.engine.FindBatch(bid)->is_committed);
  EXPECT_EQ(RunOne(h, "callbacks"), "");
  EXPECT_TRUE(h.store.bugs().empty());
}

// Wherever it is cut, the row is there as long as its batch counts it.
TEST(EngineBatches, WhatIsDiscardedLeavesItsBatchInTheFlushThatRemovesIt) {
  EngineOptions options;
  options.flush_rows_max = 1;  // a second look for where to put a change would find the next flush
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  const std::string bid = h.engine.NewBatch(Callbacks(true, false)).value();
  ASSERT_TRUE(h.Commit());
  h.Push("job-00001", InBatch(bid));
  h.Push("job-00002", R"("custom":{"signals":["never"],"bid":")" + bid + "\"}");
  h.Push("job-00003", R"("custom":{"depends_on":["job-00002"],"on_failure":"cancel","bid":")" + bid + "\"}");
  const std::size_t before = h.store.flushes().size();
  ASSERT_TRUE(h.Run(h.engine.Cancel("job-00001")));
  ASSERT_TRUE(h.Run(h.engine.Cancel("job-00002")));
  h.Turns(60);
  ASSERT_TRUE(h.Commit());
  EXPECT_TRUE(h.store.tables().ready.empty() && h.store.tables().later.empty());
  std::size_t removals = 0;
  for (std::size_t i = before; i < h.store.flushes().size(); ++i) {
    const Flush& flush = *h.store.flushes()[i];
    if (flush.ready_deletes.empty() && flush.later_deletes.empty()) continue;
    ++removals;
    EXPECT_TRUE(std::ranges::any_of(flush.records, [](const Record& r) { return r.kind == kBatchKind; }))
        << "flush " << i;
  }
  EXPECT_EQ(removals, 3u);
}

TEST(EngineBatches, NoRetryOfAFailedFlushCountsWhatItDropped) {
  EngineOptions options;
  options.flush_rows_max = 3;
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  const std::string bid = h.engine.NewBatch(Callbacks(true, false)).value();
  for (int i = 1; i <= 3; ++i) h.Push("ack-0000" + std::to_string(i));
  Fetched first(h.engine, "worker-1", {"default"});
  Fetched second(h.engine, "worker-1", {"default"});
  Fetched third(h.engine, "worker-1", {"default"});
  ASSERT_TRUE(h.Commit());
  const std::size_t before = h.store.flushes().size();
  h.store.FailCommits(1, {Errc::kLimitExceeded, "disk full"});
  h.store.HoldCommits();
  // Three flushes: each has an end, which is kept, and pushes, which are not.
  for (int i = 1; i <= 3; ++i) {
    const std::string n = std::to_string(i);
    ASSERT_TRUE(h.engine.Ack("ack-0000" + n, ""));
    ASSERT_TRUE(h.engine.Push(MakeJob("job-0000" + n, InBatch(bid))));
    ASSERT_TRUE(h.engine.Push(MakeJob("job-1000" + n, R"("custom":{"workflow":"w-1"})")));
    if (i == 1) h.Turns();
  }
  h.store.ReleaseCommits();
  EXPECT_FALSE(h.Commit());
  h.Advance(Seconds(3));
  ASSERT_TRUE(h.Commit());
  EXPECT_EQ(h.engine.FindBatch(bid)->counts.total, 0U);
  // Whichever of them is the last one that is kept before a crash, a start believes it.
  EXPECT_GE(h.store.flushes().size(), before + 3);
  for (std::size_t i = before; i < h.store.flushes().size(); ++i) {
    for (const Record& record : h.store.flushes()[i]->records) {
      EXPECT_NE(record.kind, kNodeKind) << "flush " << i << ": " << record.key;
      if (record.kind == kBatchKind) EXPECT_EQ(DecodeBatch(record)->counts, BatchCounts()) << "flush " << i;
    }
  }
  EXPECT_TRUE(h.store.bugs().empty());
}

TEST(EngineBatches, NoRetryOfAFailedFlushSpeaksOfWhatWasRefused) {
  EngineOptions options;
  options.flush_rows_max = 3;
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  const std::string bid = h.engine.NewBatch(Callbacks(true, false)).value();
  const std::string open = h.engine.NewBatch(Callbacks(true, false, bid)).value();
  ASSERT_TRUE(h.engine.CommitBatch(open));
  for (int i = 1; i <= 3; ++i) h.Push("ack-0000" + std::to_string(i), InBatch(open));
  std::vector<std::unique_ptr<Fetched>> fetches;
  for (int i = 0; i < 3; ++i)
    fetches.push_back(std::make_unique<Fetched>(h.engine, "worker-1", Names{"default"}));
  ASSERT_TRUE(h.Commit());
  const std::size_t before = h.store.flushes().size();
  h.store.FailCommits(1, {Errc::kLimitExceeded, "disk full"});
  h.store.HoldCommits();
  std::vector<std::string> refused;
  for (int i = 1; i <= 3; ++i) {  // three flushes, each with an end that is kept
    ASSERT_TRUE(h.engine.Ack("ack-0000" + std::to_string(i), ""));
    ASSERT_TRUE(h.engine.CommitBatch(bid));
    ASSERT_TRUE(h.engine.OpenBatch(open));
    BatchDefinition child{.description = "", .parent = bid, .complete = {}, .success = {}};
    child.complete = MakeJob("cb-child-" + std::to_string(i), R"("queue":"callbacks")");
    refused.push_back(h.engine.NewBatch(std::move(child)).value());
    ASSERT_TRUE(h.engine.CommitBatch(refused.back()));
    if (i == 1) h.Turns();
  }
  h.store.ReleaseCommits();
  EXPECT_FALSE(h.Commit());
  h.Advance(Seconds(3));
  ASSERT_TRUE(h.Commit());
  // Whichever of them is the last one that is kept before a crash, a start believes it.
  EXPECT_GE(h.store.flushes().size(), before + 3);
  for (std::size_t i = before; i < h.store.flushes().size(); ++i) {
    for (const Record& record : h.store.flushes()[i]->records) {
      SCOPED_TRACE("flush " + std::to_string(i) + ": " + record.key);
      for (const std::string& gone : refused) EXPECT_FALSE(record.key.starts_with(gone));
      if (record.kind != kBatchKind) continue;
      const Batch batch = DecodeBatch(record).value();
      EXPECT_EQ(batch.is_committed, batch.bid == open);
      EXPECT_EQ(batch.was_committed, batch.bid == open);
      EXPECT_EQ(batch.children, batch.bid == bid ? 1U : 0U);
    }
  }
  EXPECT_EQ(h.engine.FindBatch(bid)->children, 1U);
  EXPECT_TRUE(h.store.bugs().empty());
}

// Turns the loop, and notes under which ids the store has had each job. Once so many flushes are kept, no
// more is: the process ends there.
struct Watcher {
  EngineHarness& h;
  std::map<std::string, std::set<std::uint64_t>>& ids;
  std::size_t flushes_max = 1'000'000;

  void Turns(int count = 40) {
    for (int i = 0; i < count; ++i) {
      if (h.store.flushes().size() >= flushes_max) h.store.HoldCommits();
      h.Turns(1);
      for (const auto& [id, job] : h.store.tables().ready) ids[job.jid].insert(id.value());
    }
  }
  // False: there was no job.
  bool RunOne(const std::string& queue) {
    Fetched fetched(h.engine, "worker-1", {queue});
    Turns();
    const bool has_run = !fetched.jobs.empty() && h.engine.Ack(fetched.jobs[0].jid, "1");
    Turns();
    return has_run;
  }
};

TEST(EngineBatches, CallbacksArePushedOnceWhereverACrashComes) {
  for (std::size_t crash = 1; crash <= 14; ++crash) {
    SCOPED_TRACE(crash);
    auto tables = std::make_shared<MemoryTables>();
    std::map<std::string, std::set<std::uint64_t>> ids;
    std::string bid;
    {
      EngineHarness h(tables);
      Watcher watcher{.h = h, .ids = ids, .flushes_max = crash};
      bid = h.engine.NewBatch(Callbacks(true, true)).value();
      watcher.Turns();
      for (const char* jid : {"job-00001", "job-00002"}) {
        ASSERT_TRUE(h.engine.Push(MakeJob(jid, InBatch(bid))));
        watcher.Turns();
      }
      ASSERT_TRUE(h.engine.CommitBatch(bid));
      watcher.Turns();
      for (const char* queue : {"default", "default", "callbacks", "callbacks"}) {
        if (!watcher.RunOne(queue)) break;
      }
    }
    tables->owner.reset();
    EngineHarness h(tables);
    Watcher watcher{.h = h, .ids = ids};
    watcher.Turns();
    const auto batch = h.engine.FindBatch(bid);
    if (!batch) continue;  // its NEW was never answered
    if (!batch->was_committed) ASSERT_TRUE(h.engine.CommitBatch(bid));
    for (int i = 0; i < 4; ++i) {
      h.Advance(Seconds(61));  // what a worker had comes back
      watcher.RunOne("default");
      watcher.RunOne("callbacks");
    }
    EXPECT_EQ(ids["cb-complete"].size(), 1U);
    EXPECT_EQ(ids["cb-success"].size(), 1U);
    EXPECT_EQ(h.engine.FindBatch(bid)->success->state, CallbackState::kSucceeded);
    EXPECT_TRUE(tables->ready.empty());
    EXPECT_TRUE(h.store.bugs().empty());
  }
}

constexpr const char* kMember = R"("custom":{"workflow":"w-1"})";

TEST(EngineWorkflows, ADependentIsBlockedAndThenGetsTheResults) {
  EngineHarness h;
  h.Push("job-00001", kMember);
  h.Push("job-00002", R"("custom":{"depends_on":["job-00001"],"signals":["go"]})");
  EXPECT_EQ(h.store.tables().later.begin()->second.wait, Wait::kBlocked);
  EXPECT_EQ(h.Run(h.engine.Find("job-00002"))->state, JobState::kBlocked);
  EXPECT_EQ(h.engine.FindNode("job-00002")->missing_jobs, Names{"job-00001"});
  EXPECT_EQ(RunOne(h, "default"), "job-00001");
  EXPECT_EQ(RunOne(h, "default"), "");
  ASSERT_TRUE(h.engine.SendSignal("go", "7"));
  Fetched fetched(h.engine, "worker-1", {"default"});
  h.Turns();
  ASSERT_EQ(fetched.jids(), Names{"job-00002"});
  EXPECT_TRUE(fetched.jobs[0].text.contains(R"("_results":{"job-00001":"job-00001"},"_signals":{"go":7})"))
      << fetched.jobs[0].text;
  EXPECT_TRUE(h.store.tables().later.empty());
  EXPECT_EQ(h.engine.counts().scheduled, 0U);
  EXPECT_TRUE(h.store.bugs().empty());
}

TEST(EngineWorkflows, ABlockedJobMayBeRunNowOrCancelled) {
  EngineHarness h;
  h.Push("job-00001", R"("custom":{"signals":["never"]})");
  h.Push("job-00002", R"("custom":{"depends_on":["job-00001"],"on_failure":"cancel"})");
  h.Push("job-00003", R"("custom":{"signals":["never"]})");
  ASSERT_TRUE(h.Run(h.engine.Cancel("job-00001")));
  ASSERT_TRUE(h.Run(h.engine.Retry("job-00003")));
  h.Turns(60);
  EXPECT_TRUE(h.store.tables().later.empty()) << "what depended on the cancelled one is cancelled";
  EXPECT_EQ(RunOne(h, "default"), "job-00003");
  EXPECT_EQ(RunOne(h, "default"), "");
  EXPECT_TRUE(h.store.bugs().empty());
}

TEST(EngineWorkflows, AnUnknownDependencyIsNamedAndNothingIsPushed) {
  EngineHarness h;
  const auto pushed = h.engine.Push(MakeJob("job-00001", R"("custom":{"depends_on":["job-00009"]})"));
  ASSERT_FALSE(pushed);
  EXPECT_TRUE(pushed.error().detail.contains("job-00009")) << pushed.error().detail;
  EXPECT_FALSE(h.engine.FindNode("job-00001"));
}

TEST(EngineWorkflows, AWorkflowIsPushedAsAWholeOrNotAtAll) {
  EngineHarness h;
  WorkflowDefinition definition;
  definition.nodes.push_back({.name = "join", .job = MakeJob("job-0000c"), .after = {"left", "right"}});
  definition.nodes.push_back({.name = "left", .job = MakeJob("job-0000a"), .after = {}});
  definition.nodes.push_back({.name = "right", .job = MakeJob("job-0000b"), .after = {}});
  WorkflowDefinition in_no_batch = definition;
  in_no_batch.nodes[1].job = MakeJob("job-0000a", InBatch("b-none-there"));
  EXPECT_FALSE(h.engine.PushWorkflow(in_no_batch));
  EXPECT_FALSE(h.engine.FindNode("job-0000a"));

  const std::string id = h.engine.PushWorkflow(definition).value();
  ASSERT_TRUE(h.Commit());
  const auto views = h.engine.Workflow(id, 10);
  ASSERT_EQ(views.size(), 3U);
  EXPECT_EQ(views[2].node.name, "join");
  EXPECT_EQ(views[2].missing_jobs, (Names{"job-0000a", "job-0000b"}));
  EXPECT_EQ(RunOne(h, "default"), "job-0000a");
  EXPECT_EQ(RunOne(h, "default"), "job-0000b");
  EXPECT_EQ(RunOne(h, "default"), "job-0000c");
  EXPECT_TRUE(h.store.bugs().empty());
}

TEST(EngineWorkflows, AWorkflowThatDoesNotFitIsRefusedAsAWhole) {
  EngineOptions options;
  options.queues["small"].depth_max = 2;
  options.unique_max = 1;
  options.workflows.nodes_max = 4;
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  const auto push = [&](int count, const std::string& members) {
    WorkflowDefinition definition;
    for (int i = 0; i < count; ++i) {
      definition.nodes.push_back(
          {.name = std::to_string(i), .job = MakeJob("job-0000" + std::to_string(i), members), .after = {}});
    }
    return h.engine.PushWorkflow(std::move(definition));
  };
  EXPECT_TRUE(push(3, R"("queue":"small")").error().detail.contains("queue small is full"));
  EXPECT_EQ(push(2, R"("custom":{"unique_for":60})").error().detail,
            "two jobs of the workflow are the same unique one");
  EXPECT_EQ(push(5, "").error().code, Errc::kLimitExceeded);
  EXPECT_FALSE(h.engine.FindNode("job-00000"));
  EXPECT_TRUE(push(2, R"("queue":"small")"));
  ASSERT_TRUE(h.Commit());
  EXPECT_EQ(h.store.tables().ready.size(), 2U);
}

TEST(EngineWorkflows, ASequenceGoesOnWhenItsDeadIsRepaired) {
  EngineHarness h;
  h.Push("job-00001", R"("retry":-1,"custom":{"sequence_key":"s"})");
  h.Push("job-00002", R"("custom":{"sequence_key":"s"})");
  Fetched fetched(h.engine, "worker-1", {"default"});
  ASSERT_TRUE(h.engine.Fail("job-00001", {}));
  ASSERT_TRUE(h.Commit());
  EXPECT_TRUE(h.engine.Sequences("", 10).at(0).is_halted);
  EXPECT_EQ(RunOne(h, "default"), "");
  ASSERT_TRUE(h.Run(h.engine.Retry("job-00001")));
  EXPECT_EQ(RunOne(h, "default"), "job-00001");
  EXPECT_EQ(RunOne(h, "default"), "job-00002");
  ASSERT_TRUE(h.Commit());
  EXPECT_TRUE(h.engine.Sequences("", 10).empty());
  EXPECT_TRUE(h.store.bugs().empty());
}

TEST(EngineWorkflows, DependentsAreReleasedWhereverACrashComes) {
  for (std::size_t crash = 1; crash <= 12; ++crash) {
    SCOPED_TRACE(crash);
    auto tables = std::make_shared<MemoryTables>();
    std::map<std::string, std::set<std::uint64_t>> ids;
    {
      EngineHarness h(tables);
      Watcher watcher{.h = h, .ids = ids, .flushes_max = crash};
      for (const auto& [jid, custom] : {std::pair("job-00001", R"({"workflow":"w-1"})"),
                                        {"job-00002", R"({"depends_on":["job-00001"]})"},
                                        {"job-00003", R"({"depends_on":["job-00001","job-00002"]})"}}) {
        ASSERT_TRUE(h.engine.Push(MakeJob(jid, std::string(R"("custom":)") + custom)));
      }
      watcher.Turns();
      for (int i = 0; i < 3 && watcher.RunOne("default"); ++i) {
      }
    }
    tables->owner.reset();
    EngineHarness h(tables);
    Watcher watcher{.h = h, .ids = ids};
    for (int i = 0; i < 4; ++i) {
      watcher.Turns();
      h.Advance(Seconds(61));
      watcher.RunOne("default");
    }
    for (const char* jid : {"job-00001", "job-00002", "job-00003"}) EXPECT_EQ(ids[jid].size(), 1U) << jid;
    EXPECT_TRUE(tables->ready.empty());
    EXPECT_TRUE(tables->later.empty());
    EXPECT_TRUE(h.store.bugs().empty());
  }
}

TEST(EngineWorkflows, WhoWaitsTooLongForASignalIsDeadOrGoesOn) {
  EngineHarness h;
  h.Push("job-00001", R"("custom":{"signals":["paid"],"signals_within":5})");
  h.Push("job-00002", R"("custom":{"signals":["paid"],"signals_within":5,"on_timeout":"continue"})");
  ASSERT_TRUE(h.Commit());
  h.Advance(Milliseconds(4900));
  EXPECT_EQ(h.engine.counts().dead, 0u);
  h.Advance(Milliseconds(300));
  h.Turns();
  ASSERT_TRUE(h.Commit());
  EXPECT_EQ(h.engine.counts().dead, 1u);
  ASSERT_EQ(h.store.tables().dead.size(), 1u);
  const std::string& dead = h.store.tables().dead.begin()->second.job.text;
  EXPECT_TRUE(dead.contains(R"("errtype":"SignalTimeout")")) << dead;
  EXPECT_TRUE(dead.contains("signal paid has not come in time")) << dead;
  Fetched fetched(h.engine, "worker-1", {"default"});
  h.Turns();
  EXPECT_EQ(fetched.jids(), Names{"job-00002"});
  EXPECT_TRUE(fetched.jobs[0].text.contains(R"("_timed_out":["paid"])")) << fetched.jobs[0].text;
}

// More than a job can hold.
TEST(EngineWorkflows, WhatADependentIsHandedHasALimit) {
  EngineHarness h;
  Names jids;
  std::string depends_on;
  for (int i = 10; i < 80; ++i) {
    jids.push_back("job-000" + std::to_string(i));
    h.Push(jids.back(), R"("custom":{"workflow":"w-1"})");
    depends_on += (depends_on.empty() ? "\"" : ",\"") + jids.back() + '"';
  }
  h.Push("dependent", R"("queue":"last","custom":{"depends_on":[)" + depends_on + "]}");
  for (const std::string& jid : jids) {
    Fetched fetched(h.engine, "worker-1", {"default"});
    ASSERT_TRUE(h.engine.Ack(jid, '"' + std::string(65'000, 'r') + '"'));
  }
  h.Turns(200);
  Fetched last(h.engine, "worker-1", {"last"});
  h.Turns();
  ASSERT_EQ(last.jids(), Names{"dependent"});
  EXPECT_LT(last.jobs[0].text.size(), std::size_t{2} << 20);
  EXPECT_TRUE(last.jobs[0].text.contains(R"("job-00010":"rrr)"));
  EXPECT_TRUE(last.jobs[0].text.contains(R"("job-00079":null)"));
  EXPECT_TRUE(h.engine.Ack("dependent", ""));
}

TEST(EngineWorkflows, APayloadIsNoDeeperThanAJobCanHold) {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EngineHarness h;
  h.Push("job-00001", R"("custom":{"signals":["deep"]})");
  for (const std::size_t levels : {std::size_t{62}, std::size_t{64}}) {
    const auto sent = h.engine.SendSignal("deep", nested(levels));
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, Errc::kInvalidArgument);
  }
  ASSERT_TRUE(h.engine.SendSignal("deep", nested(61)));
  EXPECT_EQ(RunOne(h, "default"), "job-00001");
}

// As deep as one may be.
TEST(EngineWorkflows, ADeepResultIsHandedOn) {
  EngineHarness h;
  h.Push("job-00001", R"("custom":{"workflow":"w-1"})");
  h.Push("job-00002", R"("queue":"last","custom":{"depends_on":["job-00001"]})");
  Fetched fetched(h.engine, "worker-1", {"default"});
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  std::size_t levels = 64;
  while (levels > 0 && !h.engine.Ack("job-00001", nested(levels))) --levels;
  EXPECT_EQ(levels, 61u);
  EXPECT_EQ(RunOne(h, "last"), "job-00002");
}

TEST(EngineWorkflows, AFailedPushOfAnotherJobOfThatJidLeavesTheNode) {
  EngineHarness h;
  h.Push("job-00001", R"("custom":{"signals":["go"]})");
  h.store.FailCommits(1, {Errc::kLimitExceeded, "disk full"});
  ASSERT_TRUE(h.engine.Push(MakeJob("job-00001")));
  EXPECT_FALSE(h.Commit());
  const auto node = h.engine.FindNode("job-00001");
  ASSERT_TRUE(node);
  EXPECT_EQ(node->node.state, NodeState::kBlocked);
  ASSERT_TRUE(h.engine.SendSignal("go", ""));
  h.Advance(Seconds(1));
  EXPECT_EQ(RunOne(h, "default"), "job-00001");
}

TEST(EngineWorkflows, PushesThatWaitDoNotPutOffWhatIsToBeForgotten) {
  EngineOptions options;
  options.workflows.ended_for = Seconds(20);
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  h.Push("job-ended", R"("custom":{"workflow":"w-1"})");
  ASSERT_EQ(RunOne(h, "default"), "job-ended");
  ASSERT_TRUE(h.engine.FindNode("job-ended"));
  for (int i = 0; i < 10; ++i) {
    h.Push("job-0000" + std::to_string(i), R"("custom":{"signals":["paid"],"signals_within":3600})");
    h.Advance(Seconds(10));
  }
  EXPECT_FALSE(h.engine.FindNode("job-ended"));
}

}  // namespace
}  // namespace tidemill::jobs
