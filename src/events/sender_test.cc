// A queue, its sender and an endpoint over HTTP on the same loop.
#include "events/sender.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "events/endpoint.h"
#include "events/event_queue.h"
#include "http/server.h"
#include "jobs/webhooks/signature.h"
#include "net/listener.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"

namespace tidemill::events {
namespace {

constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

class Receiver final : public http::Handler {
 public:
  struct Seen {
    std::string id;
    std::string timestamp;
    std::string signature;
    std::string body;
  };

  Task<http::Response> Handle(const http::Request& request) override {
    seen.push_back({.id = std::string(request.Header("webhook-id").value_or("")),
                    .timestamp = std::string(request.Header("webhook-timestamp").value_or("")),
                    .signature = std::string(request.Header("webhook-signature").value_or("")),
                    .body = std::string(request.body)});
    co_return http::Response::Json(status, answer);
  }

  int status = 200;
  std::string answer = R"({"result":{}})";
  std::vector<Seen> seen;
};

class SenderTest : public ::testing::Test {
 protected:
  SenderTest() {
    router_->Add(http::Method::kPost, "/events", receiver_);
    server_ = http::Server::Make(*loop_, router_, {});
    net::ListenerOptions options;
    options.address = *net::ListenAddress::Parse("127.0.0.1:0");
    listener_ = *net::OpenListener(*loop_, std::move(options), *server_);
    settings_.endpoint = "http://" + listener_->bound().ToString() + "/events";
    settings_.secrets = {{kSecret}};
    settings_.static_headers.text = R"({"X-Key":"k"})";
    endpoint_ = *OpenEndpoint(*loop_, settings_, 1, metrics_);
    queue_ = std::make_unique<EventQueue>("n", QueueLimits{.lanes = 1, .vacated_delay = Milliseconds(40)},
                                          metrics_, [this](std::size_t lane) { sender_->Wake(lane); });
    sender_ = std::make_unique<Sender>(*loop_, *queue_, *endpoint_, metrics_);
  }
  ~SenderTest() override {
    sender_.reset();
    endpoint_.reset();
    net::testing::RunTurns(*loop_, 10);
  }

  EventQueue::Moment Now() const { return {.wall = loop_->clock().WallNow(), .now = loop_->clock().Now()}; }
  bool UntilSeen(std::size_t count) {
    return net::testing::DriveUntil(*loop_, [&] { return receiver_->seen.size() >= count; });
  }

  std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
  metrics::Registry registry_;
  Metrics metrics_{registry_};
  std::shared_ptr<http::Router> router_ = std::make_shared<http::Router>();
  std::shared_ptr<Receiver> receiver_ = std::make_shared<Receiver>();
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<net::Listener> listener_;
  EventsSettings settings_;
  std::unique_ptr<Target> endpoint_;
  std::unique_ptr<EventQueue> queue_;
  std::unique_ptr<Sender> sender_;
};

TEST_F(SenderTest, SendsWhatATurnHasBroughtInOneSignedRequest) {
  queue_->SetOccupied("a", Now());
  queue_->SetOccupied("b", Now());
  ASSERT_TRUE(UntilSeen(1));
  const Receiver::Seen& seen = receiver_->seen[0];
  EXPECT_NE(seen.body.find(R"("channel":"a")"), std::string::npos);
  EXPECT_NE(seen.body.find(R"("channel":"b")"), std::string::npos);
  const std::vector<std::string> keys = {*webhooks::ParseSecret(kSecret)};
  const WallTime at{std::stoll(seen.timestamp) * 1000};
  EXPECT_EQ(seen.signature, webhooks::SignatureOf({.id = seen.id, .at = at, .body = seen.body}, keys));
  EXPECT_TRUE(net::testing::DriveUntil(*loop_, [&] { return queue_->idle(); }));
  EXPECT_EQ(metrics_.delivered.value(), 2u);
}

TEST_F(SenderTest, SendsTheSameBatchUntilItIsTaken) {
  struct Refusal {
    int status;
    std::string answer;
  };
  for (const Refusal& refusal : {Refusal{500, "{}"}, Refusal{200, R"({"error":{"code":1}})"}}) {
    SCOPED_TRACE(refusal.status);
    const std::size_t before = receiver_->seen.size();
    receiver_->status = refusal.status;
    receiver_->answer = refusal.answer;
    queue_->SetOccupied("c" + std::to_string(refusal.status), Now());
    ASSERT_TRUE(UntilSeen(before + 2));
    queue_->SetOccupied("later" + std::to_string(refusal.status), Now());
    receiver_->status = 200;
    receiver_->answer = R"({"result":{},"error":null})";
    ASSERT_TRUE(net::testing::DriveUntil(*loop_, [&] { return queue_->idle(); }));
    EXPECT_EQ(receiver_->seen[before].body, receiver_->seen[before + 1].body);
    EXPECT_EQ(receiver_->seen[before].id, receiver_->seen[before + 1].id);
    EXPECT_NE(receiver_->seen.back().body.find("later"), std::string::npos);
    EXPECT_NE(receiver_->seen.back().id, receiver_->seen[before].id);
  }
  EXPECT_GE(metrics_.requests_failed.value(), 2u);
}

TEST_F(SenderTest, EndsDelaysInTime) {
  queue_->SetOccupied("a", Now());
  ASSERT_TRUE(UntilSeen(1));
  queue_->SetVacated("a", Now());
  sender_->Reschedule();
  ASSERT_TRUE(UntilSeen(2));
  EXPECT_NE(receiver_->seen[1].body.find(R"("type":"vacated")"), std::string::npos);
}

TEST(OpenEndpoint, NamesAFileThatIsNotThere) {
  const auto loop = net::testing::OpenLoop();
  metrics::Registry registry;
  Metrics metrics(registry);
  EventsSettings settings;
  settings.endpoint = "https://localhost/";
  settings.tls_server_ca_file = "/no/such/file";
  const auto opened = OpenEndpoint(*loop, settings, 1, metrics);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().detail.find("/no/such/file"), std::string::npos) << opened.error().detail;
}

}  // namespace
}  // namespace tidemill::events
