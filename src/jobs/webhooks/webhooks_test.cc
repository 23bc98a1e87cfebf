// Webhooks with an engine on a store in memory, and endpoints on the same loop.
#include "jobs/webhooks/webhooks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/server.h"
#include "jobs/store/testing/memory_store.h"
#include "net/listener.h"
#include "net/sleep.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"

namespace tidemill::webhooks {
namespace {

using jobs::JobState;

// Answers at once, as it was told, or when it is let go.
class Receiver final : public http::Handler {
 public:
  explicit Receiver(net::Loop& loop) : loop_(loop) {}

  Task<http::Response> Handle(const http::Request& request) override {
    jids.emplace_back(request.Header("webhook-id").value_or(""));
    ++under_way;
    most_under_way = std::max(most_under_way, under_way);
    while (holds) co_await net::Sleep(loop_, Milliseconds(5));
    --under_way;
    http::Response response = http::Response::Json(status, body);
    for (const auto& [name, value] : headers) response.headers.emplace_back(name, value);
    co_return response;
  }

  int status = 200;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  bool holds = false;
  std::vector<std::string> jids;
  int under_way = 0;
  int most_under_way = 0;

 private:
  net::Loop& loop_;
};

class WebhooksTest : public ::testing::Test {
 protected:
  WebhooksTest() {
    router_->Add(http::Method::kPost, "/jobs", receiver_);
    server_ = http::Server::Make(*loop_, router_, {});
    net::ListenerOptions options;
    options.address = *net::ListenAddress::Parse("127.0.0.1:0");
    listener_ = *net::OpenListener(*loop_, std::move(options), *server_);
    webhooks_ = std::make_unique<Webhooks>(Webhooks::Surroundings{
        .loop = *loop_, .engine = engine_, .tls = nullptr, .registry = registry_, .node_id = "n"});
    engine_.AddListener(*webhooks_);
    engine_.Start();
    EXPECT_TRUE(Until([&] { return !engine_.problem(); }));
  }
  ~WebhooksTest() override {
    receiver_->holds = false;
    webhooks_->Stop();
    net::testing::RunTurns(*loop_, 20);
    webhooks_.reset();
    net::testing::RunTurns(*loop_, 20);
  }

  bool Until(const std::function<bool()>& done) { return net::testing::DriveUntil(*loop_, done); }
  EndpointOptions Options(std::string queue) {
    return {.queue = std::move(queue),
            .url = *http::Url::Parse("http://" + listener_->bound().ToString() + "/jobs"),
            .timeout = Seconds(20),
            .concurrency = 2,
            .allow_private = true,
            .breaker = {.failures_max = 3, .open_for = Milliseconds(300)}};
  }
  void Begin(EndpointOptions options) {
    std::vector<EndpointOptions> all;
    all.push_back(std::move(options));
    webhooks_->Replace(std::move(all));
    webhooks_->Start();
  }
  void Push(std::string_view jid, std::string_view members = "") {
    const std::string text = R"({"jid":")" + std::string(jid) + R"(","jobtype":"T","args":[1],"queue":"q")" +
                             std::string(members) + "}";
    ASSERT_TRUE(engine_.Push(*job::ParseJob(text, loop_->clock().WallNow())));
    ASSERT_TRUE(net::testing::RunTask(*loop_, engine_.Committed()));
  }
  jobs::JobView View(const std::string& jid) {
    const auto view = net::testing::RunTask(*loop_, engine_.Find(jid));
    return view.value_or(jobs::JobView{});
  }
  bool Reaches(const std::string& jid, JobState state) {
    return Until([&] { return View(jid).state == state; });
  }

  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
  metrics::Registry registry_;
  jobs::testing::MemoryStore store_{*loop_};
  jobs::Engine engine_{*loop_, store_, {}};
  std::shared_ptr<http::Router> router_ = std::make_shared<http::Router>();
  std::shared_ptr<Receiver> receiver_ = std::make_shared<Receiver>(*loop_);
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<net::Listener> listener_;
  std::unique_ptr<Webhooks> webhooks_;
};

constexpr const char* kTracked = R"(,"custom":{"track":1})";

TEST_F(WebhooksTest, AnAnswerEndsTheJobAndIsItsResult) {
  receiver_->body = R"({"sent":3})";
  Begin(Options("q"));
  Push("job-00000001", kTracked);
  ASSERT_TRUE(Reaches("job-00000001", JobState::kDone));
  EXPECT_EQ(View("job-00000001").result, R"({"sent":3})");
  EXPECT_EQ(receiver_->jids, std::vector<std::string>{"job-00000001"});
  EXPECT_TRUE(
      registry_.Text().contains(R"(tidemill_jobs_webhook_requests_total{queue="q",outcome="done"} 1)"));
}

TEST_F(WebhooksTest, NoMoreAtOnceThanItMayHave) {
  receiver_->holds = true;
  Begin(Options("q"));
  for (int i = 0; i < 6; ++i) Push("job-0000000" + std::to_string(i));
  ASSERT_TRUE(Until([&] { return receiver_->under_way == 2; }));
  net::testing::RunTurns(*loop_, 50);
  EXPECT_EQ(engine_.counts().working, 2u);
  receiver_->holds = false;
  ASSERT_TRUE(Until([&] { return receiver_->jids.size() == 6; }));
  EXPECT_EQ(receiver_->most_under_way, 2);
}

TEST_F(WebhooksTest, AFailureIsTriedAgainAsTheJobSays) {
  receiver_->status = 400;
  receiver_->body = "no such template";
  Begin(Options("q"));
  Push("job-00000001", R"(,"retry":5)");
  Push("job-00000002", R"(,"retry":-1)");
  ASSERT_TRUE(Reaches("job-00000001", JobState::kRetry));
  ASSERT_TRUE(Reaches("job-00000002", JobState::kDead));
  EXPECT_TRUE(View("job-00000001").job.text.contains("answered 400: no such template"));
  EXPECT_EQ(webhooks_->Views().front().state, EndpointState::kWorking);
}

TEST_F(WebhooksTest, LaterLeavesTheJobReservedAndCounted) {
  receiver_->status = 202;
  receiver_->headers = {{"Tidemill-Completion", "later"}};
  EndpointOptions options = Options("q");
  options.concurrency = 1;
  Begin(std::move(options));
  Push("job-00000001");
  Push("job-00000002");
  ASSERT_TRUE(Until([&] { return webhooks_->Views().front().finishing_later == 1; }));
  net::testing::RunTurns(*loop_, 50);
  EXPECT_EQ(receiver_->jids.size(), 1u);
  EXPECT_EQ(View("job-00000001").state, JobState::kWorking);
  ASSERT_TRUE(engine_.Ack("job-00000001", ""));
  ASSERT_TRUE(Until([&] { return receiver_->jids.size() == 2; }));
}

// The endpoint is quicker than its own answer.
TEST_F(WebhooksTest, WhatIsFinishedBeforeTheAnswerIsHereCountsNoMore) {
  receiver_->holds = true;
  receiver_->status = 202;
  receiver_->headers = {{"Tidemill-Completion", "later"}};
  EndpointOptions options = Options("q");
  options.concurrency = 1;
  Begin(std::move(options));
  Push("job-00000001");
  Push("job-00000002");
  ASSERT_TRUE(Until([&] { return receiver_->under_way == 1; }));
  ASSERT_TRUE(engine_.Ack("job-00000001", ""));
  receiver_->holds = false;
  ASSERT_TRUE(Until([&] { return receiver_->jids.size() == 2; }));
  EXPECT_TRUE(Until([&] { return webhooks_->Views().front().finishing_later == 1; }));
  ASSERT_TRUE(engine_.Ack("job-00000002", ""));
  EXPECT_TRUE(Until([&] { return webhooks_->Views().front().finishing_later == 0; }));
}

TEST_F(WebhooksTest, WhatTheEngineForgetsIsWaitedForNoMore) {
  receiver_->status = 202;
  receiver_->headers = {{"Tidemill-Completion", "later"}};
  EndpointOptions options = Options("q");
  options.concurrency = 1;
  Begin(std::move(options));
  Push("job-00000001");
  ASSERT_TRUE(Until([&] { return webhooks_->Views().front().finishing_later == 1; }));
  ASSERT_TRUE(net::testing::RunTask(*loop_, engine_.Clear()));
  Push("job-00000002");
  webhooks_->Start();  // as after the next beat
  EXPECT_TRUE(Until([&] { return receiver_->jids.size() == 2; }));
}

TEST_F(WebhooksTest, AnotherJobOfTheSameJidEndsNothing) {
  receiver_->status = 202;
  receiver_->headers = {{"Tidemill-Completion", "later"}};
  Begin(Options("q"));
  Push("job-00000001");
  ASSERT_TRUE(Until([&] { return webhooks_->Views().front().finishing_later == 1; }));
  Push("job-00000001");
  net::testing::RunTurns(*loop_, 50);
  EXPECT_EQ(webhooks_->Views().front().finishing_later, 1u);
}

TEST_F(WebhooksTest, WhatIsFinishedLaterKeepsNothingFromBeingTriedAgain) {
  receiver_->status = 202;
  receiver_->headers = {{"Tidemill-Completion", "later"}};
  Begin(Options("q"));
  Push("job-00000001");
  ASSERT_TRUE(Until([&] { return webhooks_->Views().front().finishing_later == 1; }));
  receiver_->status = 500;
  receiver_->headers.clear();
  for (int i = 2; i < 5; ++i) Push("job-0000000" + std::to_string(i));
  ASSERT_TRUE(Until([&] { return webhooks_->Views().front().state == EndpointState::kFailing; }));
  receiver_->status = 200;
  Push("job-00000009");
  EXPECT_TRUE(Reaches("job-00000009", JobState::kUnknown));
  EXPECT_EQ(webhooks_->Views().front().state, EndpointState::kWorking);
}

TEST_F(WebhooksTest, AResultThatIsNotTakenIsNoFailure) {
  receiver_->body = std::string(64, '[') + std::string(64, ']');
  Begin(Options("q"));
  Push("job-00000001", kTracked);
  EXPECT_TRUE(Reaches("job-00000001", JobState::kDone));
  EXPECT_EQ(View("job-00000001").result, "");
  EXPECT_EQ(receiver_->jids.size(), 1u);
}

TEST_F(WebhooksTest, GoneStopsItUntilItIsEnabled) {
  receiver_->status = 410;
  Begin(Options("q"));
  Push("job-00000001");
  ASSERT_TRUE(Until([&] { return webhooks_->Views().front().state == EndpointState::kGone; }));
  EXPECT_TRUE(Reaches("job-00000001", JobState::kQueued));
  net::testing::RunTurns(*loop_, 50);
  EXPECT_EQ(receiver_->jids.size(), 1u);
  EXPECT_TRUE(webhooks_->Views().front().problem.contains("answered 410"));
  EXPECT_TRUE(registry_.Text().contains(R"(tidemill_jobs_webhook_stopped{queue="q"} 1)"));

  receiver_->status = 200;
  EXPECT_EQ(webhooks_->Enable("other").error().code, Errc::kNotFound);
  ASSERT_TRUE(webhooks_->Enable("q"));
  EXPECT_TRUE(Until([&] { return receiver_->jids.size() == 2; }));
  EXPECT_TRUE(registry_.Text().contains(R"(tidemill_jobs_webhook_stopped{queue="q"} 0)"));
}

TEST_F(WebhooksTest, APauseThatIsAskedForCountsNoFailureAndIsKept) {
  receiver_->status = 429;
  receiver_->headers = {{"Retry-After", "3000"}};
  Begin(Options("q"));
  Push("job-00000001");
  ASSERT_TRUE(Until([&] { return webhooks_->Views().front().state == EndpointState::kSlowedDown; }));
  EXPECT_TRUE(Reaches("job-00000001", JobState::kQueued));
  EXPECT_GT(webhooks_->Views().front().retry_in, Seconds(2990));
  net::testing::RunTurns(*loop_, 50);
  EXPECT_EQ(receiver_->jids.size(), 1u);
  EXPECT_EQ(engine_.counts().failures, 0u);
}

TEST_F(WebhooksTest, FailuresInARowOpenTheBreakerAndOneThatWorksClosesIt) {
  receiver_->status = 500;
  EndpointOptions options = Options("q");
  options.concurrency = 1;
  Begin(std::move(options));
  for (int i = 0; i < 8; ++i) Push("job-0000000" + std::to_string(i));
  ASSERT_TRUE(Until([&] { return webhooks_->Views().front().state == EndpointState::kFailing; }));
  EXPECT_EQ(receiver_->jids.size(), 3u);
  receiver_->status = 200;
  ASSERT_TRUE(Until([&] { return receiver_->jids.size() == 8; }));
  EXPECT_TRUE(Until([&] { return webhooks_->Views().front().state == EndpointState::kWorking; }));
  EXPECT_EQ(engine_.counts().failures, 3u);
}

TEST_F(WebhooksTest, WhatIsUnderWayGoesBackWhenItsEndpointIsChanged) {
  receiver_->holds = true;
  Begin(Options("q"));
  Push("job-00000001");
  ASSERT_TRUE(Until([&] { return receiver_->under_way == 1; }));
  webhooks_->Replace({});
  ASSERT_TRUE(Reaches("job-00000001", JobState::kQueued));
  EXPECT_TRUE(webhooks_->Views().empty());
  receiver_->holds = false;
  Begin(Options("q"));
  EXPECT_TRUE(Until([&] { return receiver_->jids.size() == 2; }));
}

TEST_F(WebhooksTest, AJobThatIsCancelledEndsItsRequest) {
  receiver_->holds = true;
  Begin(Options("q"));
  Push("job-00000001");
  ASSERT_TRUE(Until([&] { return receiver_->under_way == 1; }));
  (void)net::testing::RunTask(*loop_, engine_.Cancel("job-00000001"));
  EXPECT_TRUE(Until([&] { return engine_.counts().working == 0; }));
  EXPECT_EQ(webhooks_->Views().front().sending, 0u);
}

}  // namespace
}  // namespace tidemill::webhooks
