// Names of queues that clients make up: nothing is there but the name, and it gives way.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "jobs/engine/changes.h"
#include "jobs/engine/testing/harness.h"

namespace tidemill::jobs {
namespace {

using testing::EngineHarness;
using testing::Fetched;
using testing::MakeJob;
using testing::MemoryTables;

constexpr std::size_t kQueuesMax = 20;

class EngineQueueNames : public ::testing::Test {
 protected:
  static EngineOptions Options() {
    EngineOptions options;
    options.queues_max = kQueuesMax;
    options.text_bytes_max = 8;  // texts are dropped
    return options;
  }
  static std::string In(const std::string& queue, const std::string& more = "") {
    return R"("queue":")" + queue + "\"" + more;
  }
  // A job, from its push to its end.
  Result<> RunIn(const std::string& queue) {
    const std::string jid = "job-of-" + queue;
    TM_TRY(h_.engine.Push(MakeJob(jid, In(queue))));
    TM_TRY(h_.Commit());
    Fetched fetched(h_.engine, "worker-1", {queue});
    h_.Turns();
    EXPECT_EQ(fetched.jids(), std::vector<std::string>{jid});
    TM_TRY(h_.engine.Ack(jid, ""));
    return h_.Commit();
  }
  // As many names as ten tables have.
  void Flood(const std::string& prefix) {
    for (std::size_t i = 0; i < 10 * kQueuesMax; ++i) {
      const auto run = RunIn(prefix + std::to_string(i));
      ASSERT_TRUE(run) << run.error().detail;
    }
  }

  EngineHarness h_{std::make_shared<MemoryTables>(), Options()};
};

TEST_F(EngineQueueNames, OfJobsThatHaveEndedGiveWay) {
  Flood("q-");
  EXPECT_LE(h_.engine.Queues().size(), kQueuesMax);
  EXPECT_TRUE(h_.store.bugs().empty());
}

TEST_F(EngineQueueNames, ThatOnlyWorkersHaveNamedGiveWay) {
  for (std::size_t i = 0; i < 10 * kQueuesMax; ++i) {
    Fetched fetched(h_.engine, "worker-1", {"q-" + std::to_string(i)});
    ASSERT_TRUE(fetched.asked) << fetched.asked.error().detail;
  }
  EXPECT_TRUE(RunIn("another"));
}

TEST_F(EngineQueueNames, OfQueuesWithSomethingInThemStay) {
  ASSERT_TRUE(h_.engine.Pause("paused"));
  QueueLimits limits;
  limits.concurrency = 1;
  ASSERT_TRUE(h_.engine.SetLimits("limited", limits));
  h_.Push("job-ready", In("ready"));
  h_.Push("job-later", In("later", R"(,"at":"2037-01-01T00:00:00Z")"));
  h_.Push("job-held", In("held"));
  Fetched holds(h_.engine, "worker-2", {"held"});
  h_.Turns();
  Fetched waits(h_.engine, "worker-3", {"waits-1", "waits-2"});
  Flood("q-");
  EXPECT_TRUE(h_.engine.FindQueue("paused")->paused);
  EXPECT_TRUE(h_.engine.Limits("limited", 0));
  EXPECT_EQ(h_.engine.FindQueue("ready")->ready, 1u);
  EXPECT_EQ(h_.engine.FindQueue("later")->later, 1u);
  EXPECT_EQ(h_.engine.FindQueue("held")->working, 1u);
  ASSERT_TRUE(h_.engine.Ack("job-held", ""));
  h_.Push("job-waits", In("waits-2"));
  h_.Turns();
  EXPECT_EQ(waits.jids(), std::vector<std::string>{"job-waits"});
}

TEST_F(EngineQueueNames, AreRefusedByNameWhenEachHasAJob) {
  for (std::size_t i = 0; i < kQueuesMax; ++i) {
    h_.Push("job-" + std::to_string(10'000 + i), In("q-" + std::to_string(i)));
  }
  const auto refused = h_.engine.Push(MakeJob("job-00001", In("another")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kLimitExceeded);
  EXPECT_TRUE(refused.error().detail.contains("jobs.queues_max")) << refused.error().detail;
  EXPECT_TRUE(h_.engine.Push(MakeJob("job-00002", In("q-7"))));
  ASSERT_EQ(h_.Run(h_.engine.Cancel("job-10003")), JobState::kQueued);
  Fetched looks(h_.engine, "worker-1", {"q-3"});  // what was cancelled leaves its queue when somebody looks
  h_.Turns();
  h_.engine.CancelFetch(looks);
  EXPECT_TRUE(h_.engine.Push(MakeJob("job-00001", In("another"))));
}

TEST_F(EngineQueueNames, TheOneOfAJobWhoseTextIsBeingLoadedStays) {
  h_.Push("job-00001", In("loads"));
  h_.store.FailOthers(1, {Errc::kUnavailable, "away"});
  {
    Fetched gone(h_.engine, "worker-1", {"loads"});
    h_.Turns();
    EXPECT_TRUE(gone.jobs.empty());
  }
  Flood("q-");
  h_.Advance(Seconds(3));
  Fetched fetched(h_.engine, "worker-1", {"loads"});
  h_.Turns();
  EXPECT_EQ(fetched.jids(), std::vector<std::string>{"job-00001"});
}

TEST_F(EngineQueueNames, ThoseOfAWorkflowThatDoNotAllFitRefuseItAsAWhole) {
  for (std::size_t i = 0; i + 1 < kQueuesMax; ++i) {
    h_.Push("job-" + std::to_string(10'000 + i), In("q-" + std::to_string(i)));
  }
  const auto push = [&](const std::string& first, const std::string& second) {
    WorkflowDefinition definition;
    definition.nodes.push_back({.name = "a", .job = MakeJob("job-0000a", In(first)), .after = {}});
    definition.nodes.push_back({.name = "b", .job = MakeJob("job-0000b", In(second)), .after = {}});
    return h_.engine.PushWorkflow(std::move(definition));
  };
  const auto refused = push("one", "two");
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().detail.contains("jobs.queues_max")) << refused.error().detail;
  EXPECT_FALSE(h_.engine.FindNode("job-0000a")) << "half of it was pushed";
  EXPECT_TRUE(push("one", "q-0"));
  ASSERT_TRUE(h_.Commit());
  EXPECT_TRUE(h_.engine.FindNode("job-0000b"));
}

TEST_F(EngineQueueNames, TheOneOfAJobThatEndsIsToldThoughACallbackTakesItsPlace) {
  struct Told final : JobListener {
    void OnChange(const JobChange& change) override {
      if (change.state == JobState::kDone) done.emplace_back(change.jid, change.queue);
    }
    std::vector<std::pair<std::string, std::string>> done;
  };
  Told told;
  EngineHarness h{std::make_shared<MemoryTables>(), Options()};
  h.engine.AddListener(told);
  BatchDefinition definition{.description = "", .parent = "", .complete = {}, .success = {}};
  definition.success = MakeJob("cb-success", In("callbacks"));
  const std::string bid = h.engine.NewBatch(std::move(definition)).value();
  h.Push("job-held", In("held", R"(,"custom":{"bid":")" + bid + "\"}"));
  ASSERT_TRUE(h.engine.CommitBatch(bid));
  {
    Fetched holds(h.engine, "worker-1", {"held"});
    h.Turns();
    ASSERT_EQ(holds.jids(), std::vector<std::string>{"job-held"});
  }
  for (std::size_t i = 0; i + 1 < kQueuesMax; ++i) {  // that of the callbacks is only a name, and gives way
    h.Push("job-" + std::to_string(10'000 + i), In("q-" + std::to_string(i)));
  }
  ASSERT_TRUE(h.engine.Ack("job-held", ""));
  ASSERT_TRUE(h.Commit());
  EXPECT_EQ(told.done, (std::vector<std::pair<std::string, std::string>>{{"job-held", "held"}}));
  EXPECT_EQ(h.engine.FindQueue("callbacks")->ready, 1u) << "the callback has come";
}

}  // namespace
}  // namespace tidemill::jobs
