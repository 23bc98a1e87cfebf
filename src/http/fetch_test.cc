// Fetch against our own server on the loopback interface.
#include <gtest/gtest.h>

#include <algorithm>
#include <coroutine>
#include <latch>
#include <memory>
#include <optional>
#include <string>

#include "http/client.h"
#include "http/server.h"
#include "net/async.h"
#include "net/listener.h"
#include "net/task_scope.h"
#include "net/testing/harness.h"

namespace tidemill::http {
namespace {

class Mirror final : public Handler {
 public:
  Task<Response> Handle(const Request& request) override {
    std::string text(request.method_name);
    text.append(" ").append(request.target).append(" ").append(request.Header("host").value_or("none"));
    text.append(" ").append(request.Header("content-length").value_or("none"));
    text.append(" ").append(request.Header("x-thing").value_or("none")).append(" ").append(request.body);
    co_return Response::Text(200, text);
  }
};

class Silent final : public Handler {
 public:
  Task<Response> Handle(const Request&) override {
    co_await std::suspend_always();
    co_return Response();
  }
};

Task<void> Store(Task<Result<ClientResponse>> task, std::optional<Result<ClientResponse>>& out) {
  out = co_await task;
}

class FetchTest : public testing::Test {
 protected:
  FetchTest() : loop_(net::testing::OpenLoop({.clock = &clock_})) {
    for (const Method method : {Method::kGet, Method::kPost}) {
      router_->Add(method, "/mirror", std::make_shared<Mirror>());
    }
    router_->Add(Method::kGet, "/silent", std::make_shared<Silent>());
    server_ = Server::Make(*loop_, router_, {});
    net::ListenerOptions options;
    options.address = *net::ListenAddress::Parse("127.0.0.1:0");
    listener_ = *net::OpenListener(*loop_, std::move(options), *server_);
  }
  ~FetchTest() override {
    scope_.reset();
    net::testing::RunTurns(*loop_);
  }

  std::string At(std::string_view host, std::string_view target) const {
    return "http://" + std::string(host) + ":" + std::to_string(listener_->bound().tcp.port) +
           std::string(target);
  }
  void Begin(ClientRequest request) {
    got_.reset();
    scope_->Spawn(Store(Fetch(*loop_, nullptr, std::move(request)), got_));
  }
  Result<ClientResponse> Get(ClientRequest request) {
    Begin(std::move(request));
    return End();
  }
  Result<ClientResponse> End() {
    if (!net::testing::RunUntil(*loop_, [&] { return got_.has_value(); })) {
      return Fail(Errc::kInternal, "the test gave up");
    }
    return *std::exchange(got_, std::nullopt);
  }

  ManualClock clock_;
  std::unique_ptr<net::Loop> loop_;
  std::shared_ptr<Router> router_ = std::make_shared<Router>();
  std::unique_ptr<Server> server_;
  std::unique_ptr<net::Listener> listener_;
  std::optional<Result<ClientResponse>> got_;
  std::optional<TaskScope> scope_{std::in_place};
};

TEST_F(FetchTest, SendsTheRequestAndGivesTheResponse) {
  const std::string port = std::to_string(listener_->bound().tcp.port);
  const auto got = Get({.method = "POST",
                        .url = *Url::Parse(At("localhost", "/mirror?a=1")),
                        .headers = {{"X-Thing", "y z"}},
                        .body = "hi"});
  ASSERT_TRUE(got) << got.error().detail;
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->body, "POST /mirror?a=1 localhost:" + port + " 2 y z hi");
  const std::pair<std::string, std::string> type("content-type", "text/plain; charset=utf-8");
  EXPECT_NE(std::ranges::find(got->headers, type), got->headers.end());
}

TEST_F(FetchTest, SaysHowLongTheBodyIsWhereOneIsExpected) {
  const auto get = Get({.url = *Url::Parse(At("127.0.0.1", "/mirror"))});
  ASSERT_TRUE(get);
  EXPECT_TRUE(get->body.ends_with(" none none ")) << get->body;
  const auto post = Get({.method = "POST", .url = *Url::Parse(At("127.0.0.1", "/mirror"))});
  ASSERT_TRUE(post);
  EXPECT_TRUE(post->body.ends_with(" 0 none ")) << post->body;
  const auto head = Get({.method = "HEAD", .url = *Url::Parse(At("127.0.0.1", "/mirror"))});
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->body, "");
}

TEST_F(FetchTest, Refuses) {
  const std::string mirror = At("127.0.0.1", "/mirror");
  const std::string by_name = At("localhost", "/mirror");
  const std::string closed = [&] {
    net::ListenerOptions options;
    options.address = *net::ListenAddress::Parse("127.0.0.1:0");
    const auto listener = net::OpenListener(*loop_, std::move(options), *server_);
    return "http://127.0.0.1:" + std::to_string((*listener)->bound().tcp.port);
  }();
  struct Case {
    const char* name;
    ClientRequest request;
    Errc want;
  };
  const Case cases[] = {
      {"a private address",
       {.url = *Url::Parse(mirror), .allow_private_addresses = false},
       Errc::kPermissionDenied},
      {"a name of one",
       {.url = *Url::Parse(by_name), .allow_private_addresses = false},
       Errc::kPermissionDenied},
      {"https without TLS", {.url = *Url::Parse("https://localhost")}, Errc::kInvalidArgument},
      {"a header that is two",
       {.url = *Url::Parse(mirror), .headers = {{"A", "b\r\nC: d"}}},
       Errc::kInvalidArgument},
      {"a header name that is none",
       {.url = *Url::Parse(mirror), .headers = {{"A ", "b"}}},
       Errc::kInvalidArgument},
      {"a method that is none", {.method = "GET /", .url = *Url::Parse(mirror)}, Errc::kInvalidArgument},
      {"too large", {.url = *Url::Parse(mirror), .response_bytes_max = 10}, Errc::kLimitExceeded},
      {"nobody there", {.url = *Url::Parse(closed)}, Errc::kUnavailable},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto got = Get(c.request);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, c.want) << got.error().detail;
  }
}

TEST_F(FetchTest, TheDeadlineHoldsWhileTheServerIsSilent) {
  Begin({.url = *Url::Parse(At("127.0.0.1", "/silent")), .timeout = Seconds(2)});
  ASSERT_TRUE(net::testing::RunUntil(*loop_, [&] { return server_->connections() == 1; }));
  clock_.Advance(Milliseconds(1900));
  net::testing::RunTurns(*loop_);
  EXPECT_FALSE(got_.has_value());
  clock_.Advance(Milliseconds(200));
  const auto got = End();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::kTimeout);
}

TEST_F(FetchTest, TheDeadlineHoldsWhileTheResolverIsBusy) {
  const auto free =
      std::make_shared<std::latch>(1);  // the pool's threads may still wake when the test is over
  for (int i = 0; i < 64; ++i) {
    scope_->Spawn(net::RunBlocking(*loop_, [free] { free->wait(); }));
  }
  Begin({.url = *Url::Parse(At("localhost", "/mirror")), .timeout = Seconds(2)});
  net::testing::RunTurns(*loop_);
  EXPECT_FALSE(got_.has_value());
  clock_.Advance(Seconds(3));
  const auto got = End();
  free->count_down();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::kTimeout);
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(FetchTest, MayBeGivenUp) {
  Begin({.url = *Url::Parse(At("localhost", "/silent"))});
  scope_.reset();  // while the name is looked up
  scope_.emplace();
  Begin({.url = *Url::Parse(At("127.0.0.1", "/silent"))});
  ASSERT_TRUE(net::testing::RunUntil(*loop_, [&] { return server_->connections() == 1; }));
  scope_.reset();  // while the server thinks
  EXPECT_FALSE(got_.has_value());
}

}  // namespace
}  // namespace tidemill::http
