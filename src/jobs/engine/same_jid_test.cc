// Jobs of one jid: one after the other, whatever becomes of any.
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

using Jids = std::vector<std::string>;

// Four of one jid, of which a worker has the first and the others wait behind it. `second`: its members.
struct FourOfOneJid : EngineHarness {
  explicit FourOfOneJid(const std::string& second = "") {
    Push("job-00001", R"("custom":{"n":1})");
    EXPECT_EQ(first.jids(), Jids{"job-00001"});
    Push("job-00001", second);
    Push("job-00001", R"("custom":{"n":3})");
    Push("job-00001", R"("custom":{"n":4})");
    Turns();
    EXPECT_TRUE(waits.jobs.empty());
  }
  void ExpectNext(const std::string& what) {
    Turns(50);
    ASSERT_EQ(waits.jobs.size(), 1u);
    EXPECT_TRUE(waits.jobs[0].text.contains(what)) << waits.jobs[0].text;
  }

  Fetched first{engine, "worker-1", {"default"}};
  Fetched waits{engine, "worker-2", {"default"}};
};

TEST(JobsOfOneJid, GoInTheirOrder) {
  FourOfOneJid h(R"("custom":{"n":2})");
  EXPECT_EQ(h.engine.FindQueue("default")->ready, 3u) << "they are counted all the same";
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  h.ExpectNext(R"("n":2)");
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  Fetched third(h.engine, "worker-1", {"default"});
  h.Turns();
  ASSERT_EQ(third.jobs.size(), 1u);
  EXPECT_TRUE(third.jobs[0].text.contains(R"("n":3)"));
}

TEST(JobsOfOneJid, OneThatExpiresLetsTheNextGo) {
  FourOfOneJid h(R"("custom":{"expires_in":5})");
  h.Advance(Seconds(6));
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  h.ExpectNext(R"("n":3)");
}

TEST(JobsOfOneJid, OneThatIsCancelledLetsTheNextGo) {
  FourOfOneJid h(R"("custom":{"n":2})");
  ASSERT_TRUE(h.engine.Pause("default"));
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  ASSERT_EQ(h.Run(h.engine.Cancel("job-00001")), JobState::kQueued);
  ASSERT_EQ(h.Run(h.engine.Cancel("job-00001")), JobState::kQueued);
  ASSERT_TRUE(h.engine.Resume("default"));
  h.ExpectNext(R"("n":4)");
}

TEST(JobsOfOneJid, OneThatIsKilledLetsTheNextGo) {
  FourOfOneJid h(R"("custom":{"n":2})");
  ASSERT_TRUE(h.engine.Pause("default"));
  ASSERT_TRUE(h.engine.Ack("job-00001", ""));
  ASSERT_TRUE(h.Run(h.engine.Kill("job-00001")));
  ASSERT_TRUE(h.engine.Resume("default"));
  h.ExpectNext(R"("n":3)");
}

// A client has made up the jid of a job that a workflow waits for.
TEST(JobsOfOneJid, OneThatIsInNoWorkflowCountsForNone) {
  EngineHarness h;
  const auto node_state = [&h] { return h.engine.FindNode("job-00001")->node.state; };
  h.Push("job-00001", R"("queue":"nodes","custom":{"workflow":"w","signals":["go"]})");
  h.Push("job-00001");
  Fetched acks(h.engine, "worker-1", {"default"});
  ASSERT_EQ(acks.jids(), Jids{"job-00001"});
  ASSERT_TRUE(h.engine.Ack("job-00001", R"("another")"));
  EXPECT_EQ(node_state(), NodeState::kBlocked);
  h.Push("job-00001", R"("retry":-1)");
  Fetched fails(h.engine, "worker-1", {"default"});
  ASSERT_TRUE(h.engine.Fail("job-00001", {.type = "E", .message = "no", .backtrace = {}}));
  EXPECT_EQ(node_state(), NodeState::kBlocked);
  ASSERT_TRUE(h.Commit());
  ASSERT_EQ(h.Run(h.engine.Apply({.action = BulkAction::Action::kRequeue, .place = Place::kDead})), 1u);
  EXPECT_EQ(node_state(), NodeState::kBlocked);
  ASSERT_EQ(h.Run(h.engine.Apply({.action = BulkAction::Action::kDiscard, .place = Place::kReady})), 1u);
  EXPECT_EQ(node_state(), NodeState::kBlocked);
  ASSERT_TRUE(h.engine.SendSignal("go", "7"));
  h.Turns(50);
  Fetched node(h.engine, "worker-2", {"nodes"});
  h.Turns();
  ASSERT_EQ(node.jids(), Jids{"job-00001"});
  EXPECT_TRUE(node.jobs[0].text.contains(R"("_signals":{"go":7})")) << node.jobs[0].text;
  ASSERT_TRUE(h.engine.Ack("job-00001", R"("its own")"));
  EXPECT_EQ(node_state(), NodeState::kDone);
  EXPECT_EQ(h.engine.FindNode("job-00001")->node.result, R"("its own")");
}

TEST(JobsOfOneJid, OneThatIsNoCallbackEndsNone) {
  EngineHarness h;
  BatchDefinition definition{.description = "d", .parent = "", .complete = {}, .success = {}};
  definition.complete = MakeJob("cb-complete", R"("queue":"callbacks")");
  const std::string bid = h.engine.NewBatch(std::move(definition)).value();
  ASSERT_TRUE(h.engine.CommitBatch(bid));
  ASSERT_TRUE(h.Commit());
  h.Push("cb-complete");
  Fetched plain(h.engine, "worker-1", {"default"});
  ASSERT_TRUE(h.engine.Ack("cb-complete", ""));
  EXPECT_EQ(h.engine.FindBatch(bid)->complete->state, CallbackState::kEnqueued);
  Fetched callback(h.engine, "worker-1", {"callbacks"});
  ASSERT_TRUE(h.engine.Ack("cb-complete", ""));
  EXPECT_EQ(h.engine.FindBatch(bid)->complete->state, CallbackState::kSucceeded);
}

TEST(JobsOfOneJid, OnesThatWaitFillTheirQueue) {
  EngineOptions options;
  options.queues = {{"small", {.depth_max = 2}}};
  EngineHarness h(std::make_shared<MemoryTables>(), options);
  const std::string small = R"("queue":"small")";
  h.Push("job-00001", small);
  Fetched first(h.engine, "worker-1", {"small"});
  for (int i = 0; i < 2; ++i) {
    h.Push("job-00001", small);
    Fetched parks(h.engine, "worker-2", {"small"});
    h.Turns();
  }
  EXPECT_EQ(h.engine.Push(MakeJob("job-00002", small)).error().code, Errc::kLimitExceeded);
}

}  // namespace
}  // namespace tidemill::jobs
