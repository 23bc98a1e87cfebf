#include "http/server.h"

#include <gtest/gtest.h>

#include <string>

#include "http/assets.h"
#include "http/testing/server_bench.h"

namespace tidemill::http {
namespace {

// Tells what stands in the segments {id} and {post}.
class Named final : public Handler {
 public:
  Task<Response> Handle(const Request& request) override {
    co_return Response::Text(200, request.PathParameter("id").value_or("?") + " " +
                                      request.PathParameter("post").value_or("?") + " " +
                                      request.PathParameter("other").value_or("?"));
  }
};

// Answers with so many bytes.
class Sized final : public Handler {
 public:
  explicit Sized(std::size_t bytes) : bytes_(bytes) {}
  Task<Response> Handle(const Request&) override { co_return Response::Text(200, std::string(bytes_, 'b')); }

 private:
  const std::size_t bytes_;
};

class TakeStream final : public TakeoverHandler {
 public:
  std::optional<Response> TakeOver(const Request& request, std::unique_ptr<net::Stream>& stream,
                                   std::string_view rest, HeadWriter& head) override {
    if (request.QueryParameter("refuse")) return Response::Text(426, "no\n");
    taken = std::move(stream);
    head.AppendHead(request, {.headers = {{"Content-Type", "text/event-stream"}}}, written_head);
    body = request.body;
    left = rest;
    return std::nullopt;
  }
  bool idle() const override { return taken == nullptr; }
  std::unique_ptr<net::Stream> taken;
  std::string body;
  std::string left;
  std::string written_head;
};

// What is below /mounted, now.
class Mounted final : public Mount {
 public:
  const Router::Route* Find(std::string_view path, std::vector<std::string_view>& values) const override {
    return routes->Find(path, values);
  }
  Response NotFound() const override { return Response::Text(404, "not mounted"); }
  Response WrongMethod(const std::string& allow) const override {
    return Response::Text(405, "only " + allow);
  }

  std::unique_ptr<Router> routes = std::make_unique<Router>();
};

class ServerTest : public ServerBench {
 protected:
  ServerTest() {
    mount_->routes->Add(Method::kGet, "/mounted/{id}", std::make_shared<Named>());
    mount_->routes->Add(Method::kGet, "/mounted/later", later_);
    router_->AddMount("/mounted/*", mount_);
    router_->Add(Method::kGet, "/later", later_);
    router_->AddTakeover(Method::kGet, "/up", upgrade_);
    router_->AddTakeover(Method::kPost, "/up", upgrade_);
    router_->Add(Method::kGet, "/users/{id}/posts/{post}", std::make_shared<Named>());
    router_->Add(Method::kGet, "/page",
                 MakeAssetHandler({.content_type = "text/html", .body = std::string(1000, 'p')}));
    router_->Add(Method::kGet, "/large", std::make_shared<Sized>(kLargeBytes));
    router_->Add(Method::kGet, "/huge", std::make_shared<Sized>(kHugeBytes));
  }

  static constexpr std::size_t kLargeBytes = 1'000'000;
  static constexpr std::size_t kHugeBytes = 20'000'000;  // fits into no buffer of the kernel's

  std::shared_ptr<Later> later_ = std::make_shared<Later>();
  std::shared_ptr<TakeStream> upgrade_ = std::make_shared<TakeStream>();
  std::shared_ptr<Mounted> mount_ = std::make_shared<Mounted>();
};

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  const net::Fd fd = Connect();
  const std::string first = Say(fd, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(first.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << first;
  EXPECT_EQ(Body(first), "GET ");
  EXPECT_EQ(first.find("Connection"), std::string::npos);
  EXPECT_EQ(Body(Say(fd, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi")), "POST hi");
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  const net::Fd fd = Connect();
  std::string requests;
  for (int i = 0; i < 20; ++i) {
    requests += "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n" + std::to_string(10 + i);
  }
  const std::string got = Say(fd, requests);
  std::size_t at = 0;
  for (int i = 0; i < 20; ++i) {
    at = got.find("POST " + std::to_string(10 + i), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST_F(ServerTest, ARequestStaysWholeWhileItsHandlerWaits) {
  const net::Fd fd = Connect();
  EXPECT_EQ(Say(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n"), "");
  std::string more;
  for (int i = 0; i < 100; ++i) more += "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_EQ(Say(fd, more), "");

  later_->gate.waiting.resume();

  std::string got = Hear(fd);
  got += Hear(fd);
  EXPECT_NE(got.find("late"), std::string::npos);
  EXPECT_LT(got.find("late"), got.find("GET "));
}

TEST_F(ServerTest, AClientMayLeaveWhileItsHandlerWaits) {
  {
    const net::Fd fd = Connect();
    Say(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  net::testing::RunTurns(*loop_);
  later_->gate.waiting.resume();
  net::testing::RunTurns(*loop_);
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(ServerTest, AClientThatHalfClosesGetsItsAnswer) {
  const net::Fd fd = Connect();
  Say(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  shutdown(fd.get(), SHUT_WR);
  EXPECT_EQ(Hear(fd), "");

  later_->gate.waiting.resume();

  EXPECT_EQ(Body(Hear(fd)), "late");
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(ServerTest, AMountHasRoutesOfItsOwn) {
  const auto ask = [this](const std::string& line) {
    return Say(Connect(), line + " HTTP/1.1\r\nHost: h\r\n\r\n");
  };
  EXPECT_EQ(Body(ask("GET /mounted/7")), "7 ? ?");
  EXPECT_EQ(Body(ask("GET /mounted/7/8")), "not mounted");
  EXPECT_EQ(Body(ask("GET /mounts")), "not found\n");
  const std::string wrong = ask("POST /mounted/7");
  EXPECT_EQ(Body(wrong), "only GET, HEAD, OPTIONS");
  EXPECT_NE(wrong.find("Allow: GET, HEAD, OPTIONS\r\n"), std::string::npos);
  EXPECT_NE(ask("OPTIONS /mounted/7").find("Allow: GET, HEAD, OPTIONS\r\n"), std::string::npos);
  mount_->routes = std::make_unique<Router>();
  EXPECT_EQ(Body(ask("GET /mounted/7")), "not mounted");
}

TEST_F(ServerTest, ARequestEndsWithTheRouteOfAMountThatItBeganWith) {
  const net::Fd fd = Connect();
  EXPECT_EQ(Say(fd, "GET /mounted/later HTTP/1.1\r\nHost: h\r\n\r\n"), "");
  mount_->routes = std::make_unique<Router>();

  later_->gate.waiting.resume();

  EXPECT_EQ(Body(Hear(fd)), "late");
}

TEST_F(ServerTest, AResetEndsTheHandlerThatWaits) {
  {
    const net::Fd fd = Connect();
    Say(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(metrics_.requests_in_flight.value(), 1);
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  net::testing::RunTurns(*loop_);
  EXPECT_EQ(later_->ended, 1);
  EXPECT_EQ(server_->connections(), 0u);
  EXPECT_EQ(metrics_.requests_in_flight.value(), 0);
}

TEST_F(ServerTest, AHalfCloseEndsTheHandlerThatSaysSo) {
  later_->needs_client = true;
  const net::Fd fd = Connect();
  Say(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(later_->ended, 0);
  shutdown(fd.get(), SHUT_WR);
  net::testing::RunTurns(*loop_);
  EXPECT_EQ(later_->ended, 1);
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(ServerTest, ARequestBehindOneThatNeedsItsClientWaits) {
  later_->needs_client = true;
  const net::Fd fd = Connect();
  Say(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(Say(fd, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n"), "");
  later_->gate.waiting.resume();
  std::string got = Hear(fd);
  got += Hear(fd);
  EXPECT_NE(got.find("late"), std::string::npos);
  EXPECT_LT(got.find("late"), got.find("GET "));
}

TEST_F(ServerTest, WhoDoesNotReadIsNotAnswered) {
  constexpr std::size_t kRequests = 60;
  const net::Fd fd = Connect();
  std::string requests;
  for (std::size_t i = 0; i < kRequests; ++i) requests += "GET /large HTTP/1.1\r\nHost: h\r\n\r\n";
  net::testing::WriteAll(fd.get(), requests);
  net::testing::RunTurns(*loop_);
  // Two megabytes and more fit into the kernel's buffers; the rest is not made before they are read.
  EXPECT_LT(metrics_.bytes_sent.value(), kRequests * kLargeBytes / 3);

  EXPECT_GT(HearAll(fd).size(), kRequests * kLargeBytes);
  EXPECT_EQ(Body(Say(fd, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n")), "GET ");
}

TEST_F(ServerTest, WhoNeverReadsIsClosed) {
  const net::Fd fd = Connect();
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += "GET /large HTTP/1.1\r\nHost: h\r\n\r\n";
  net::testing::WriteAll(fd.get(), requests);
  net::testing::RunTurns(*loop_);
  EXPECT_EQ(server_->connections(), 1u);
  clock_.Advance(ServerLimits().answer_timeout);
  clock_.Advance(Seconds(1));
  net::testing::RunTurns(*loop_);
  EXPECT_EQ(server_->connections(), 0u);
  EXPECT_EQ(metrics_.answer_timeouts.value(), 1u);
  EXPECT_EQ(buffers_.used_bytes(), 0u);
}

TEST_F(ServerTest, ALargeResponseMayTakeItsTimeBeforeTheClose) {
  const net::Fd fd = Connect();
  net::testing::WriteAll(fd.get(), "GET /huge HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  net::testing::RunTurns(*loop_);
  clock_.Advance(Seconds(20));
  net::testing::RunTurns(*loop_);
  EXPECT_GT(HearAll(fd).size(), kHugeBytes);
}

TEST_F(ServerTest, AProxyMayAskInAbsoluteForm) {
  const net::Fd fd = Connect();
  EXPECT_EQ(Body(Say(fd, "GET http://h:80/echo?x HTTP/1.1\r\nHost: h:80\r\n\r\n")), "GET ");
}

TEST_F(ServerTest, StatusesAndClosing) {
  struct Case {
    const char* name;
    const char* request;
    const char* status;
    bool closes;
  };
  const Case cases[] = {
      {"not found", "GET /no HTTP/1.1\r\nHost: h\r\n\r\n", "404", false},
      {"wrong method", "DELETE /echo HTTP/1.1\r\nHost: h\r\n\r\n", "405", false},
      {"malformed", "GET / HTTP/1.1\n\n", "400", true},
      {"asked to close", "GET /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "200", true},
      {"HTTP/1.0", "GET /echo HTTP/1.0\r\n\r\n", "200", true},
      {"HTTP/1.0 kept", "GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "200", false},
      {"HTTP/1.0 kept and closed", "GET /echo HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", "200",
       true},
      {"HTTP/1.0 closed and kept",
       "GET /echo HTTP/1.0\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n", "200", true},
      {"HTTP/1.1 closed and kept", "GET /echo HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, close\r\n\r\n",
       "200", true},
      {"OPTIONS of the server", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "204", false},
      {"OPTIONS of the server in absolute form", "OPTIONS http://h HTTP/1.1\r\nHost: h\r\n\r\n", "204",
       false},
      {"OPTIONS of no path of ours", "OPTIONS / HTTP/1.1\r\nHost: h\r\n\r\n", "404", false},
      {"OPTIONS of a path in absolute form", "OPTIONS http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", "404", false},
      {"refused upgrade", "GET /up?refuse=1 HTTP/1.1\r\nHost: h\r\n\r\nGET /echo HTTP/1.1\r\nHost: h\r\n\r\n",
       "426", true},
      {"too large", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n", "413", true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const net::Fd fd = Connect();
    const std::string got = Say(fd, c.request);
    EXPECT_EQ(got.substr(9, 3), c.status);
    EXPECT_EQ(got.find("HTTP/1.1", 1), std::string::npos) << "one response only";
    EXPECT_EQ(got.find("Connection: close\r\n") != std::string::npos, c.closes);
  }
}

TEST_F(ServerTest, HeadIsGetWithoutTheBody) {
  const std::string get = Say(Connect(), "GET /page HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string head = Say(Connect(), "HEAD /page HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(get.substr(0, get.find("\r\n\r\n") + 4), head);
  EXPECT_EQ(Body(get).size(), 1000u);
}

TEST_F(ServerTest, ARefusedHeadHasNoBody) {
  struct Case {
    const char* name;
    std::string request;
    const char* status;
  };
  const Case cases[] = {
      {"no Host", "HEAD /page HTTP/1.1\r\n\r\n", "400"},
      {"after an empty line", "\r\nHEAD /page HTTP/1.1\r\nbroken\r\n\r\n", "400"},
      {"another version", "HEAD /page HTTP/3.0\r\nHost: h\r\n\r\n", "505"},
      {"long target", "HEAD /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", "414"},
      {"many headers",
       "HEAD /page HTTP/1.1\r\n" +
           [] {
             std::string lines;
             for (int i = 0; i < 200; ++i) lines += "A: b\r\n";
             return lines;
           }() +
           "\r\n",
       "431"},
      {"body too large", "HEAD /page HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n", "413"},
      {"no such path", "HEAD /no HTTP/1.1\r\nHost: h\r\n\r\n", "404"},
      {"other method", "HEAD /up HTTP/1.1\r\nHost: h\r\n\r\n", "405"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string got = Say(Connect(), c.request);
    EXPECT_EQ(got.substr(9, 3), c.status);
    EXPECT_NE(got.find("\r\nContent-Length: "), std::string::npos) << got;
    EXPECT_TRUE(got.ends_with("\r\n\r\n")) << got;
  }
}

TEST_F(ServerTest, OptionsOfTheServerListAllMethods) {
  const std::string got = Say(Connect(), "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(got.find("\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"), std::string::npos)
      << got;
}

TEST_F(ServerTest, AssetsAreCompressedAndNotSentTwice) {
  const net::Fd fd = Connect();
  const std::string packed =
      Say(fd, "GET /page HTTP/1.1\r\nHost: h\r\nAccept-Encoding: br, gzip;q=0.5\r\n\r\n");
  EXPECT_NE(packed.find("Content-Encoding: gzip\r\n"), std::string::npos);
  EXPECT_LT(Body(packed).size(), 100u);
  const std::string plain = Say(fd, "GET /page HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip;q=0\r\n\r\n");
  EXPECT_EQ(plain.find("Content-Encoding"), std::string::npos);
  const std::size_t at = plain.find("ETag: ") + 6;
  const std::string etag = plain.substr(at, plain.find("\r\n", at) - at);
  const std::string same =
      Say(fd, "GET /page HTTP/1.1\r\nHost: h\r\nIf-None-Match: W/\"x\", " + etag + "\r\n\r\n");
  EXPECT_TRUE(same.starts_with("HTTP/1.1 304 ")) << same;
  EXPECT_EQ(Body(same), "");
}

TEST_F(ServerTest, OriginsGetCorsHeadersOnlyWhenListed) {
  const net::Fd fd = Connect();
  const std::string preflight =
      "OPTIONS /echo HTTP/1.1\r\nHost: h\r\nAccess-Control-Request-Method: POST\r\nOrigin: ";
  const std::string good = Say(fd, preflight + "https://good.com\r\n\r\n");
  EXPECT_TRUE(good.starts_with("HTTP/1.1 204 ")) << good;
  EXPECT_NE(good.find("Access-Control-Allow-Origin: https://good.com\r\n"), std::string::npos);
  EXPECT_NE(good.find("Access-Control-Max-Age: 300\r\n"), std::string::npos);
  const std::string evil = Say(fd, preflight + "https://evil.com\r\n\r\n");
  EXPECT_EQ(evil.find("Access-Control-Allow-Origin"), std::string::npos);
  const std::string page = Say(fd, "GET /page HTTP/1.1\r\nHost: h\r\nOrigin: https://good.com\r\n\r\n");
  const std::size_t at = page.find("Access-Control-Expose-Headers: ");
  ASSERT_NE(at, std::string::npos) << page;
  EXPECT_NE(page.substr(at, page.find("\r\n", at) - at).find("ETag"), std::string::npos) << page;
}

TEST_F(ServerTest, DeadlinesAreAbsolute) {
  struct Case {
    const char* name;
    const char* begin;
    Duration timeout;
    const char* status;  // null: closed without a word
  };
  const ServerLimits limits;
  const Case cases[] = {
      {"silent", "", limits.headers_timeout, nullptr},
      {"idle", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", limits.keep_alive_timeout, nullptr},
      {"headers", "GET /echo HTTP/1.1\r\n", limits.headers_timeout, "408"},
      {"body", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n", limits.body_timeout, "408"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const net::Fd fd = Connect();
    const std::string at_once = Say(fd, c.begin);
    EXPECT_TRUE(at_once.empty() || at_once.starts_with("HTTP/1.1 204 ")) << at_once;
    const std::size_t connections = server_->connections();
    std::string got;
    for (std::int64_t left = c.timeout.ms - 500; left > 0; left -= 1000) {
      clock_.Advance(Milliseconds(std::min<std::int64_t>(left, 1000)));
      if (c.status) net::testing::WriteAll(fd.get(), "a");  // a byte now and then
      got += Hear(fd);
    }
    EXPECT_EQ(got, "");
    EXPECT_EQ(server_->connections(), connections);
    clock_.Advance(Seconds(1));
    got += Hear(fd);
    if (c.status) {
      EXPECT_EQ(got.substr(9, 3), c.status);
    } else {
      char byte = 0;
      EXPECT_EQ(recv(fd.get(), &byte, 1, MSG_DONTWAIT), 0);
    }
  }
}

TEST_F(ServerTest, AnUpgradeTakesTheStreamAndWhatFollows) {
  const net::Fd fd = Connect();
  EXPECT_EQ(Say(fd, "GET /up HTTP/1.1\r\nHost: h\r\n\r\nframes"), "");
  EXPECT_NE(upgrade_->taken, nullptr);
  EXPECT_EQ(upgrade_->left, "frames");
  EXPECT_EQ(server_->connections(), 0u);
  net::testing::RecordingHandler handler;
  upgrade_->taken->SetHandler(&handler);
  Say(fd, "more");
  EXPECT_EQ(handler.received, "more");
  upgrade_->taken.reset();
}

TEST_F(ServerTest, ATakeoverServesAnyMethodAndGetsTheBody) {
  const net::Fd fd = Connect();
  EXPECT_EQ(Say(fd, "POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbodyrest"), "");
  ASSERT_NE(upgrade_->taken, nullptr);
  EXPECT_EQ(upgrade_->body, "body");
  EXPECT_TRUE(upgrade_->written_head.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << upgrade_->written_head;
  EXPECT_TRUE(upgrade_->written_head.ends_with("Connection: close\r\n\r\n")) << upgrade_->written_head;
  EXPECT_EQ(upgrade_->written_head.find("Content-Length"), std::string::npos) << upgrade_->written_head;
  EXPECT_EQ(upgrade_->left, "rest");
  upgrade_->taken.reset();
  const std::string refused = Say(Connect(), "HEAD /up HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 405 ")) << refused;
  EXPECT_NE(refused.find("Allow: POST, GET, OPTIONS\r\n"), std::string::npos) << refused;
}

TEST_F(ServerTest, NamedSegmentsAreGivenDecoded) {
  const net::Fd fd = Connect();
  EXPECT_EQ(Body(Say(fd, "GET /users/a%2Fb+c/posts/7 HTTP/1.1\r\nHost: h\r\n\r\n")), "a/b+c 7 ?");
  EXPECT_EQ(Body(Say(fd, "GET /users/%zz/posts/8 HTTP/1.1\r\nHost: h\r\n\r\n")), "? 8 ?");
  EXPECT_EQ(Body(Say(fd, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n")), "GET ");
}

TEST_F(ServerTest, ARequestEndsOnTheRouterItBeganWith) {
  const net::Fd fd = Connect();
  EXPECT_EQ(Say(fd, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n"), "");
  auto replacement = std::make_shared<Router>();
  replacement->Add(Method::kGet, "/new/{name}", std::make_shared<Echo>());
  const std::weak_ptr<Router> old = router_;
  router_.reset();

  server_->ReplaceRouter(std::move(replacement));

  later_->gate.waiting.resume();
  EXPECT_EQ(Body(Hear(fd)), "late");
  EXPECT_FALSE(old.expired());
  EXPECT_EQ(Body(Say(fd, "GET /new/x HTTP/1.1\r\nHost: h\r\n\r\n")), "GET ");
  EXPECT_TRUE(old.expired());
  EXPECT_EQ(Say(fd, "GET /echo HTTP/1.1\r\nHost: h\r\n\r\n").substr(9, 3), "404");
}

TEST_F(ServerTest, WhatWasTakenOverOutlivesItsRouter) {
  const net::Fd fd = Connect();
  Say(fd, "GET /up HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_NE(upgrade_->taken, nullptr);
  const std::weak_ptr<TakeStream> taking = std::exchange(upgrade_, nullptr);
  router_.reset();
  server_->ReplaceRouter(std::make_shared<Router>());
  net::testing::RunTurns(*loop_);
  ASSERT_FALSE(taking.expired()) << "its connection lives";
  server_->ReplaceRouter(std::make_shared<Router>());
  ASSERT_FALSE(taking.expired());
  net::testing::RecordingHandler handler;
  taking.lock()->taken->SetHandler(&handler);
  Say(fd, "more");
  EXPECT_EQ(handler.received, "more");
  taking.lock()->taken.reset();
  server_->ReplaceRouter(std::make_shared<Router>());
  EXPECT_TRUE(taking.expired());
}

TEST_F(ServerTest, OneTooManyIsToldSo) {
  const net::Fd fd = Connect(net::Admission::kTooManyConnections);
  const std::string got = Hear(fd);
  EXPECT_TRUE(got.starts_with("HTTP/1.1 503 ")) << got;
  EXPECT_NE(got.find("Retry-After: "), std::string::npos);
}

TEST_F(ServerTest, DrainingClosesIdleConnectionsAndLetsOthersFinish) {
  const net::Fd idle = Connect();
  Hear(idle);
  const net::Fd busy = Connect();
  Say(busy, "GET /later HTTP/1.1\r\nHost: h\r\n\r\n");

  server_->Drain();
  net::testing::RunTurns(*loop_);
  char byte = 0;
  EXPECT_EQ(recv(idle.get(), &byte, 1, MSG_DONTWAIT), 0);
  later_->gate.waiting.resume();

  const std::string got = Hear(busy);
  EXPECT_NE(got.find("Connection: close\r\n"), std::string::npos);
  EXPECT_NE(got.find("late"), std::string::npos);
}

}  // namespace
}  // namespace tidemill::http
