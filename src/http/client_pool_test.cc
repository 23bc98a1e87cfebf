// ClientPool against servers whose every answer the test writes.
#include "http/client_pool.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/listener.h"
#include "net/task_scope.h"
#include "net/testing/harness.h"

namespace tidemill::http {
namespace {

// Keeps the connections it accepts; the test answers on them by hand, or lets each request be answered at
// once.
class FakeServer final : public net::StreamAcceptor {
 public:
  struct Client final : net::StreamHandler {
    Client(FakeServer& s, std::unique_ptr<net::Stream> accepted) : server(s), stream(std::move(accepted)) {
      stream->SetHandler(this);
    }
    void OnData(std::string_view bytes) override {
      received += bytes;
      if (!bytes.ends_with("\r\n\r\n")) return;
      ++requests;
      if (!server.answer.empty()) stream->Queue(server.answer);
    }
    void OnWritable() override {}
    void OnClosed() override { closed = true; }

    FakeServer& server;
    std::unique_ptr<net::Stream> stream;
    std::string received;
    int requests = 0;
    bool closed = false;
  };

  void OnStream(std::unique_ptr<net::Stream> stream, net::Admission) override {
    clients.push_back(std::make_unique<Client>(*this, std::move(stream)));
    clients.back()->stream->ReadNow();
  }
  int requests() const {
    int sum = 0;
    for (const auto& client : clients) sum += client->requests;
    return sum;
  }

  std::string answer;  // "": none
  std::vector<std::unique_ptr<Client>> clients;
};

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

Task<void> Store(Task<Result<ClientResponse>> task, std::optional<Result<ClientResponse>>& out) {
  out = co_await task;
}

class ClientPoolTest : public testing::Test {
 protected:
  ClientPoolTest() : loop_(net::testing::OpenLoop({.clock = &clock_})) {
    net::ListenerOptions options;
    options.address = *net::ListenAddress::Parse("127.0.0.1:0");
    options.defer_accept = false;
    listener_ = *net::OpenListener(*loop_, std::move(options), server_);
    server_.answer = kOk;
    MakePool({});
  }
  ~ClientPoolTest() override {
    scope_.reset();
    pool_.reset();
    net::testing::RunTurns(*loop_);
  }

  void MakePool(ClientPoolOptions options) {
    options.metrics = &metrics_;
    pool_ = ClientPool::Make(*loop_, std::move(options));
  }
  ClientRequest Request(std::string method = "GET") {
    const std::string port = std::to_string(listener_->bound().tcp.port);
    return {.method = std::move(method), .url = *Url::Parse("http://127.0.0.1:" + port + "/x")};
  }
  // The answer comes later, at the same index.
  void Begin(ClientRequest request) {
    got_.push_back(std::make_unique<std::optional<Result<ClientResponse>>>());
    scope_->Spawn(Store(pool_->Fetch(std::move(request)), *got_.back()));
  }
  Result<ClientResponse> End(std::size_t index) {
    std::optional<Result<ClientResponse>>& got = *got_[index];
    if (!net::testing::RunUntil(*loop_, [&] { return got.has_value(); })) {
      return Fail(Errc::kInternal, "the test gave up");
    }
    return *std::exchange(got, std::nullopt);
  }
  Result<ClientResponse> Fetch(ClientRequest request) {
    Begin(std::move(request));
    return End(got_.size() - 1);
  }
  bool RunUntil(const std::function<bool()>& done) { return net::testing::RunUntil(*loop_, done); }
  // A kept connection, and the server deaf and mute from now on.
  void KeepOne() {
    ASSERT_TRUE(Fetch(Request()));
    ASSERT_EQ(pool_->connections(), 1u);
    server_.answer.clear();
  }

  ManualClock clock_;
  metrics::Registry registry_;
  ClientMetrics metrics_{registry_};
  std::unique_ptr<net::Loop> loop_;
  FakeServer server_;
  std::unique_ptr<net::Listener> listener_;
  std::unique_ptr<ClientPool> pool_;
  std::vector<std::unique_ptr<std::optional<Result<ClientResponse>>>> got_;
  std::optional<TaskScope> scope_{std::in_place};
};

TEST_F(ClientPoolTest, KeepsTheConnectionBetweenRequests) {
  for (int i = 0; i < 3; ++i) {
    const auto got = Fetch(Request(i == 1 ? "POST" : "GET"));
    ASSERT_TRUE(got) << got.error().detail;
    EXPECT_EQ(got->body, "ok");
  }
  ASSERT_EQ(server_.clients.size(), 1u);
  EXPECT_EQ(server_.clients[0]->requests, 3);
  EXPECT_EQ(server_.clients[0]->received.find("Connection"), std::string::npos);
  EXPECT_EQ(metrics_.connections.value(), 1);
}

TEST_F(ClientPoolTest, KeepsOnlyWhatIsInOrder) {
  struct Case {
    const char* name;
    std::string answer;
    std::size_t kept;
  };
  const Case cases[] = {
      {"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 1},
      {"no body", "HTTP/1.1 204 No Content\r\n\r\n", 1},
      {"a 1xx first", "HTTP/1.1 103 Early\r\nConnection: close\r\n\r\n" + std::string(kOk), 1},
      {"the server closes", "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok", 0},
      {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 0},
      {"more than the length", std::string(kOk) + "!", 0},
      {"more than the chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx", 0},
      {"not HTTP", "SSH-2.0-OpenSSH\r\n\r\n", 0},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    MakePool({});
    server_.answer = c.answer;
    (void)Fetch(Request());
    EXPECT_EQ(pool_->connections(), c.kept);
  }
}

TEST_F(ClientPoolTest, BytesThatNobodyAskedForEndAKeptConnection) {
  KeepOne();
  server_.clients[0]->stream->Queue(kOk);
  EXPECT_TRUE(RunUntil([&] { return pool_->connections() == 0; }));
}

TEST_F(ClientPoolTest, AnIdleConnectionIsClosedInTime) {
  KeepOne();
  clock_.Advance(Seconds(29));
  net::testing::RunTurns(*loop_);
  EXPECT_EQ(pool_->connections(), 1u);
  clock_.Advance(Seconds(2));
  EXPECT_TRUE(RunUntil([&] { return server_.clients[0]->closed; }));
  EXPECT_EQ(pool_->connections(), 0u);
}

TEST_F(ClientPoolTest, KeepsNoMoreThanItsLimit) {
  MakePool({.idle_max = 1});
  server_.answer.clear();
  Begin(Request());
  Begin(Request());
  ASSERT_TRUE(RunUntil([&] { return server_.requests() == 2; }));
  for (const auto& client : server_.clients) client->stream->Queue(kOk);
  EXPECT_TRUE(End(0));
  EXPECT_TRUE(End(1));
  EXPECT_EQ(pool_->connections(), 1u);
}

TEST_F(ClientPoolTest, RequestsWaitForOneOfTheConnectionsInOrder) {
  MakePool({.connections_per_origin_max = 2});
  server_.answer.clear();
  for (int i = 0; i < 5; ++i) {
    ClientRequest request = Request();
    request.url.target = "/" + std::to_string(i);
    Begin(std::move(request));
  }
  ASSERT_TRUE(RunUntil([&] { return server_.requests() == 2; }));
  EXPECT_EQ(pool_->waiting(), 3u);
  EXPECT_EQ(metrics_.waiting.value(), 3);
  FakeServer::Client& first = *server_.clients[0];
  for (int requests = 1; requests <= 4; ++requests) {
    ASSERT_TRUE(RunUntil([&] { return first.requests == requests; }));
    first.stream->Queue(kOk);
  }
  for (const std::size_t index : {0u, 2u, 3u, 4u}) EXPECT_TRUE(End(index)) << index;
  EXPECT_LT(first.received.find("/2 "), first.received.find("/3 "));
  EXPECT_LT(first.received.find("/3 "), first.received.find("/4 "));
  EXPECT_EQ(server_.clients.size(), 2u);
  EXPECT_EQ(pool_->waiting(), 0u);
}

TEST_F(ClientPoolTest, TooManyWaitingAreRefused) {
  MakePool({.connections_per_origin_max = 1, .waiting_per_origin_max = 1});
  server_.answer.clear();
  Begin(Request());
  Begin(Request());
  const auto refused = Fetch(Request());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kLimitExceeded);
  EXPECT_EQ(metrics_.refused.value(), 1u);

  // Another origin: only public addresses.
  ClientRequest other = Request();
  other.allow_private_addresses = false;
  const auto not_public = Fetch(std::move(other));
  ASSERT_FALSE(not_public);
  EXPECT_NE(not_public.error().code, Errc::kLimitExceeded);
  EXPECT_EQ(metrics_.refused.value(), 1u);
}

TEST_F(ClientPoolTest, TheDeadlineHoldsWhileWaitingForAConnection) {
  MakePool({.connections_per_origin_max = 1});
  server_.answer.clear();
  ClientRequest long_one = Request();
  long_one.timeout = Minutes(1);
  Begin(std::move(long_one));
  Begin(Request());
  ASSERT_TRUE(RunUntil([&] { return server_.requests() == 1; }));
  clock_.Advance(Seconds(3));
  const auto late = End(1);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::kTimeout);
  EXPECT_EQ(pool_->waiting(), 0u);
  server_.clients[0]->stream->Queue(kOk);
  EXPECT_TRUE(End(0));
}

TEST_F(ClientPoolTest, GivenUpRequestsMakeRoom) {
  MakePool({.connections_per_origin_max = 1});
  server_.answer.clear();
  Begin(Request());
  Begin(Request());
  ASSERT_TRUE(RunUntil([&] { return server_.requests() == 1; }));
  scope_.reset();
  EXPECT_EQ(pool_->connections(), 0u);
  EXPECT_EQ(pool_->waiting(), 0u);
  scope_.emplace();
  server_.answer = kOk;
  EXPECT_TRUE(Fetch(Request()));
}

TEST_F(ClientPoolTest, ARequestThatWaitsCanBeTakenBack) {
  MakePool({.connections_per_origin_max = 1});
  server_.answer.clear();
  std::function<void()> withdraw_sent;
  std::function<void()> withdraw_waiting;
  ClientRequest sent = Request();
  sent.withdraw = &withdraw_sent;
  ClientRequest waiting = Request();
  waiting.withdraw = &withdraw_waiting;
  Begin(std::move(sent));
  Begin(std::move(waiting));
  Begin(Request());
  ASSERT_TRUE(RunUntil([&] { return server_.requests() == 1; }));
  EXPECT_FALSE(withdraw_sent) << "it is under way";
  ASSERT_TRUE(withdraw_waiting);
  withdraw_waiting();
  EXPECT_EQ(pool_->waiting(), 1u);
  EXPECT_EQ(End(1).error().code, Errc::kCancelled);
  EXPECT_FALSE(withdraw_waiting);
  server_.answer = kOk;
  server_.clients[0]->stream->Queue(kOk);
  EXPECT_TRUE(End(0));
  EXPECT_TRUE(End(2));
  EXPECT_EQ(server_.requests(), 2);
}

TEST_F(ClientPoolTest, AFailedConnectionGoesToTheNextThatWaits) {
  MakePool({.connections_per_origin_max = 1});
  server_.answer.clear();
  Begin(Request());
  Begin(Request());
  ASSERT_TRUE(RunUntil([&] { return server_.requests() == 1; }));
  server_.answer = kOk;
  server_.clients[0]->stream->Close();
  EXPECT_EQ(End(0).error().code, Errc::kUnavailable) << "a new connection is not tried again";
  EXPECT_TRUE(End(1));
}

TEST_F(ClientPoolTest, OnlyAStaleConnectionsIdempotentRequestIsSentAgain) {
  struct Case {
    const char* name;
    const char* method;
    const char* said;  // by the server before it closes
    bool again;
    bool is_repeatable = false;
  };
  const Case cases[] = {
      {"GET", "GET", "", true},
      {"PUT", "PUT", "", true},
      {"POST", "POST", "", false},
      {"POST that may be repeated", "POST", "", true, true},
      {"half an answer", "GET", "HTTP/1.1 200 OK\r\n", false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    MakePool({});
    server_.clients.clear();
    server_.answer = kOk;
    const std::uint64_t retries = metrics_.retries.value();
    KeepOne();
    ClientRequest request = Request(c.method);
    request.is_repeatable = c.is_repeatable;
    Begin(std::move(request));
    ASSERT_TRUE(RunUntil([&] { return server_.clients[0]->requests == 2; }));
    server_.answer = kOk;
    server_.clients[0]->stream->Queue(c.said);
    server_.clients[0]->stream->CloseAfterFlush(Seconds(1));
    const auto got = End(got_.size() - 1);
    EXPECT_EQ(got.has_value(), c.again);
    EXPECT_EQ(server_.clients.size(), c.again ? 2u : 1u);
    EXPECT_EQ(metrics_.retries.value() - retries, c.again ? 1u : 0u);
  }
}

TEST_F(ClientPoolTest, ARequestIsSentAgainOnce) {
  KeepOne();
  Begin(Request());
  ASSERT_TRUE(RunUntil([&] { return server_.clients[0]->requests == 2; }));
  server_.clients[0]->stream->Close();
  ASSERT_TRUE(RunUntil([&] { return server_.requests() == 3; }));
  server_.clients[1]->stream->Close();
  EXPECT_EQ(End(1).error().code, Errc::kUnavailable);
  EXPECT_EQ(server_.clients.size(), 2u);
}

TEST_F(ClientPoolTest, SaysHowFarARequestCame) {
  MakePool({.connections_per_origin_max = 1, .waiting_per_origin_max = 0});
  ClientProgress progress = ClientProgress::kWaiting;
  const auto request = [&] {
    progress = ClientProgress::kWaiting;
    ClientRequest asked = Request();
    asked.progress = &progress;
    return asked;
  };
  EXPECT_TRUE(Fetch(request()));
  EXPECT_EQ(progress, ClientProgress::kSent);
  server_.answer.clear();
  Begin(Request());
  EXPECT_FALSE(Fetch(request()));
  EXPECT_EQ(progress, ClientProgress::kWaiting);
  scope_.emplace();
  MakePool({});
  ClientRequest unreachable = request();
  unreachable.url.port = 1;
  EXPECT_FALSE(Fetch(std::move(unreachable)));
  EXPECT_EQ(progress, ClientProgress::kConnecting);
}

TEST_F(ClientPoolTest, TheCallersUserAgentIsTheOnlyOne) {
  ClientRequest request = Request();
  request.headers = {{"user-agent", "theirs"}};
  EXPECT_TRUE(Fetch(std::move(request)));
  EXPECT_EQ(server_.clients[0]->received.find("tidemill"), std::string::npos) << server_.clients[0]->received;
}

TEST_F(ClientPoolTest, WhoMayNotUsePrivateAddressesGetsNoKeptConnectionToOne) {
  KeepOne();
  ClientRequest request = Request();
  request.allow_private_addresses = false;
  const auto got = Fetch(std::move(request));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::kPermissionDenied);
}

}  // namespace
}  // namespace tidemill::http
