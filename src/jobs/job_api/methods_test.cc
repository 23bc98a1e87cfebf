#include "jobs/job_api/methods.h"

#include <gtest/gtest.h>

#include <optional>

#include "api/testing/api_bench.h"
#include "jobs/engine/engine.h"
#include "jobs/store/testing/memory_store.h"

namespace tidemill::jobs {
namespace {

using api::testing::ApiBench;
using api::testing::Reply;

constexpr int kTurnsMax = 100'000;

// The API on the first loop, the engine on the second.
class JobMethodsTest : public ::testing::Test {
 protected:
  JobMethodsTest() : JobMethodsTest(EngineDoor::Limits()) {}
  explicit JobMethodsTest(EngineDoor::Limits limits) {
    bench_.loop(1).Post([this] { engine_.Start(); });
    TurnUntil([&] { return !engine_.problem(); });
    door_.emplace(engine_, limits);
    services_.emplace(ApiServices{*door_});
    bench_.Serve(JobMethods(*services_));
  }
  ~JobMethodsTest() override {
    bench_.Stop();
    door_->EndTasks();
    door_.reset();
    for (int i = 0; i < 10; ++i) bench_.Turn();
  }

  // The result, or the error.
  std::string Ask(std::string_view method, std::string_view params) {
    const Reply reply = bench_.Post(method, params);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return reply.body;
  }
  static Result<> Read(std::string_view body, std::string_view member, std::string& value) {
    const std::size_t at = body.find("\"" + std::string(member) + "\":\"");
    if (at == std::string_view::npos) return Fail(Errc::kNotFound, std::string(body));
    const std::size_t begin = at + member.size() + 4;
    value = body.substr(begin, body.find('"', begin) - begin);
    return {};
  }
  std::string Push(std::string_view queue) {
    std::string jid;
    const std::string job = R"({"jobtype":"t","args":[],"queue":")" + std::string(queue) + "\"}";
    EXPECT_TRUE(Read(Ask("jobs_push", job), "jid", jid));
    return jid;
  }
  void TurnUntil(const std::function<bool()>& done) {
    for (int i = 0; i < kTurnsMax && !done(); ++i) bench_.Turn();
    EXPECT_TRUE(done());
  }

  ApiBench bench_{2};
  testing::MemoryStore store_{bench_.loop(1)};
  Engine engine_{bench_.loop(1), store_, {}};
  std::optional<EngineDoor> door_;
  std::optional<ApiServices> services_;
};

TEST_F(JobMethodsTest, APushIsAnsweredWhenItIsKept) {
  store_.HoldCommits();
  const auto push = bench_.Begin("jobs_push", R"({"jobtype":"t","args":[]})");
  TurnUntil([&] { return store_.held_commits() == 1; });
  for (int i = 0; i < 100; ++i) bench_.Turn();
  EXPECT_FALSE(ApiBench::ReplyOf(*push));
  store_.ReleaseCommits();
  TurnUntil([&] { return ApiBench::ReplyOf(*push).has_value(); });
  EXPECT_EQ(store_.tables().ready.size(), 1u);
}

TEST_F(JobMethodsTest, APushThatIsNotKeptSaysWhy) {
  store_.FailCommits(1, {Errc::kUnavailable, "the disk is away"});
  const std::string answer = Ask("jobs_push", R"({"jobtype":"t","args":[]})");
  EXPECT_TRUE(answer.contains(R"("code":115)") && answer.contains("the disk is away")) << answer;
}

TEST_F(JobMethodsTest, APushRunsToItsEndWhenItsConnectionBreaks) {
  store_.HoldCommits();
  auto push = bench_.Begin("jobs_push", R"({"jobtype":"t","args":[]})");
  TurnUntil([&] { return store_.held_commits() == 1; });
  push.reset();
  store_.ReleaseCommits();
  TurnUntil([&] { return store_.tables().ready.size() == 1; });
  TurnUntil([&] { return bench_.changes() == 0; });
}

TEST_F(JobMethodsTest, AFetchWhoseConnectionBreaksAsksNoMore) {
  auto fetch = bench_.Begin("jobs_fetch", R"({"queues":["q"],"wait":60})");
  TurnUntil([&] { return door_->waiting_fetches() == 1; });
  fetch.reset();
  TurnUntil([&] { return door_->waiting_fetches() == 0; });
  const std::string jid = Push("q");
  EXPECT_TRUE(Ask("jobs_fetch", R"({"queues":["q"]})").contains(jid));
}

TEST_F(JobMethodsTest, AJobWhoseAnswerNobodyTakesGoesBack) {
  auto fetch = bench_.Begin("jobs_fetch", R"({"queues":["q"],"wait":60})");
  TurnUntil([&] { return door_->waiting_fetches() == 1; });
  const auto push = bench_.Begin("jobs_push", R"({"jobtype":"t","args":[],"queue":"q"})");
  // The first loop sends the push and then does nothing: the answer lies in its mailbox.
  bench_.loop(0).RunOnce(Milliseconds(0));
  for (int i = 0; i < kTurnsMax && (door_->waiting_fetches() == 1 || engine_.counts().working == 0); ++i) {
    bench_.loop(1).RunOnce(Milliseconds(0));
  }
  EXPECT_EQ(engine_.counts().working, 1u);
  fetch.reset();
  TurnUntil([&] { return engine_.counts().working == 0; });
  EXPECT_EQ(engine_.counts().enqueued, 1u);
}

TEST_F(JobMethodsTest, ADrainedNodeAnswersThoseWhoWait) {
  const auto fetch = bench_.Begin("jobs_fetch", R"({"wait":60})");
  TurnUntil([&] { return door_->waiting_fetches() == 1; });
  bench_.loop(1).Post([this] { door_->EndFetches(); });
  TurnUntil([&] { return ApiBench::ReplyOf(*fetch).has_value(); });
  EXPECT_EQ(ApiBench::ReplyOf(*fetch), (Reply{200, R"({"result":{"jobs":[]}})"}));
  EXPECT_EQ(Ask("jobs_fetch", R"({"wait":60})"), R"({"result":{"jobs":[]}})");
}

TEST_F(JobMethodsTest, SaysWhyItServesNothing) {
  store_.TakeOver("other");
  EXPECT_TRUE(Ask("jobs_push", R"({"jobtype":"t","args":[]})").contains(R"("code":115)"));
  TurnUntil([&] { return engine_.problem().has_value(); });
  for (const char* method : {"jobs_counts", "jobs_queues", "jobs_workers", "jobs_fetch"}) {
    EXPECT_TRUE(Ask(method, "{}").contains(R"("code":115)")) << method << Ask(method, "{}");
  }
}

TEST_F(JobMethodsTest, EveryMethodIsReadInsideOfABatch) {
  for (const api::Method& method : bench_.methods()) {
    const std::string name(method.name.text);
    for (const char* params : {"{}", R"({"x":{"y":[1]}})"}) {
      const std::string command = R"({")" + name + R"(":)" + params + "}";
      EXPECT_TRUE(
          Ask("batch", R"({"commands":[)" + command + R"(,{"jobs_counts":{}}]})").contains("processed"))
          << command;
    }
  }
}

TEST_F(JobMethodsTest, ABatchPushesItsCallbackWhenItsJobsAreDone) {
  std::string bid;
  const std::string made = Ask("jobs_batch_new", R"({"description":"d","success":{"jobtype":"cb","args":[],
      "queue":"cb"}})");
  ASSERT_TRUE(Read(made, "bid", bid)) << made;
  const std::string member = R"(,"custom":{"bid":")" + bid + R"("}})";
  std::string jid;
  ASSERT_TRUE(Read(Ask("jobs_push", R"({"jobtype":"t","args":[])" + member), "jid", jid));
  EXPECT_EQ(Ask("jobs_batch_commit", R"({"bid":")" + bid + "\"}"), R"({"result":{}})");
  const std::string before = Ask("jobs_batch", R"({"bid":")" + bid + "\"}");
  EXPECT_TRUE(before.contains(R"("total":1,"pending":1)") && before.contains(R"("success":"pending")"))
      << before;
  Ask("jobs_fetch", "{}");
  EXPECT_EQ(Ask("jobs_ack", R"({"jid":")" + jid + "\"}"), R"({"result":{}})");
  const std::string callback = Ask("jobs_fetch", R"({"queues":["cb"],"wait":10})");
  EXPECT_TRUE(callback.contains(R"("jobtype":"cb")")) << callback;
  EXPECT_TRUE(Ask("jobs_batches", "{}").contains(bid));
  EXPECT_TRUE(Ask("jobs_batch", R"({"bid":"b-none-such"})").contains(R"("code":104)"));
  EXPECT_TRUE(Ask("jobs_batch_new", "{}").contains(R"("code":107)"));
}

TEST_F(JobMethodsTest, AWorkflowRunsInItsOrder) {
  const std::string pushed = Ask("jobs_workflow_push", R"({"jobs":[
      {"name":"b","job":{"jobtype":"second","args":[]},"after":["a"]},
      {"name":"a","job":{"jobtype":"first","args":[],"jid":"first-job"}}]})");
  EXPECT_TRUE(pushed.contains(R"("workflow":")")) << pushed;
  EXPECT_TRUE(Ask("jobs_fetch", R"({"count":2})").contains(R"("jobtype":"first")"));
  EXPECT_EQ(Ask("jobs_fetch", "{}"), R"({"result":{"jobs":[]}})");
  Ask("jobs_ack", R"({"jid":"first-job"})");
  EXPECT_TRUE(Ask("jobs_fetch", R"({"wait":10})").contains(R"("jobtype":"second")"));
  const std::string circle = Ask("jobs_workflow_push", R"({"jobs":[
      {"name":"a","job":{"jobtype":"t","args":[]},"after":["b"]},
      {"name":"b","job":{"jobtype":"t","args":[]},"after":["a"]}]})");
  EXPECT_TRUE(circle.contains(R"("code":107)")) << circle;
}

TEST_F(JobMethodsTest, ASignalLetsAJobGoOn) {
  Ask("jobs_push", R"({"jobtype":"t","args":[],"custom":{"signals":["paid"]}})");
  EXPECT_EQ(Ask("jobs_fetch", "{}"), R"({"result":{"jobs":[]}})");
  EXPECT_EQ(Ask("jobs_signal", R"({"name":"paid","payload":{"n":1}})"), R"({"result":{}})");
  EXPECT_TRUE(Ask("jobs_fetch", R"({"wait":10})").contains(R"("jobtype":"t")"));
}

TEST_F(JobMethodsTest, LimitsOfAQueueAreSetWhileItRuns) {
  Push("q");
  Push("q");
  EXPECT_EQ(Ask("jobs_limits_set", R"({"queue":"q","limits":{"concurrency":1}})"), R"({"result":{}})");
  const std::string one = Ask("jobs_fetch", R"({"queues":["q"],"count":2})");
  EXPECT_EQ(one.find("jobtype"), one.rfind("jobtype")) << one;
  EXPECT_TRUE(Ask("jobs_limits", R"({"queue":"q"})").contains(R"("running":1)"));
  EXPECT_EQ(Ask("jobs_limits_reset", R"({"queue":"q"})"), R"({"result":{}})");
  EXPECT_TRUE(Ask("jobs_fetch", R"({"queues":["q"],"wait":10})").contains("jobtype"));
  EXPECT_TRUE(
      Ask("jobs_limits_set", R"({"queue":"q","limits":{"concurrency":-1}})").contains(R"("code":107)"));
}

class FewJobMethodsTest : public JobMethodsTest {
 protected:
  FewJobMethodsTest() : JobMethodsTest({.requests_max = 1, .fetches_max = 2}) {}
};

TEST_F(FewJobMethodsTest, FetchesThatWaitHaveALimit) {
  const auto first = bench_.Begin("jobs_fetch", R"({"wait":60})");
  const auto second = bench_.Begin("jobs_fetch", R"({"wait":60})");
  TurnUntil([&] { return door_->waiting_fetches() == 2; });
  const std::string refused = Ask("jobs_fetch", R"({"wait":60})");
  EXPECT_TRUE(refused.contains(R"("code":106)")) << refused;
  EXPECT_TRUE(refused.contains("2 fetches wait on this node already (jobs.fetches_max)")) << refused;
}

TEST_F(FewJobMethodsTest, RequestsUnderWayHaveALimit) {
  store_.HoldCommits();
  const auto push = bench_.Begin("jobs_push", R"({"jobtype":"t","args":[]})");
  TurnUntil([&] { return store_.held_commits() == 1; });
  EXPECT_TRUE(
      Ask("jobs_push", R"({"jobtype":"t","args":[]})").contains("1 requests about jobs are under way"));
  store_.ReleaseCommits();
  TurnUntil([&] { return ApiBench::ReplyOf(*push).has_value(); });
}

}  // namespace
}  // namespace tidemill::jobs
