#include "realtime/session/transports/websocket.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "http/server.h"
#include "net/testing/harness.h"
#include "realtime/session/testing/session_fixture.h"
#include "websocket/frame.h"

namespace tidemill::session {
namespace {

// A server with the endpoint alone, whose context can end before the bench's loop, as in a server that ends.
class WebsocketEndpointTest : public SessionTest {
 protected:
  WebsocketEndpointTest() {
    router_->AddTakeover(http::Method::kGet, "/ws", MakeWebsocketEndpoint(context_));
    server_ = http::Server::Make(bench_.loop(), router_, {});
    auto [ours, theirs] = net::testing::TcpPair();
    server_->OnStream(net::Stream::Adopt(bench_.loop(), theirs.Release(), {}, nullptr),
                      net::Admission::kAdmitted);
    peer_ = std::move(ours);
    net::testing::WriteAll(
        peer_.get(),
        "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n");
    net::testing::RunTurns(bench_.loop());
  }
  // What came back.
  std::string Say(std::string_view command) {
    std::string frame;
    websocket::AppendMaskedFrame(websocket::Opcode::kText, command, 0x01020304, frame);
    net::testing::WriteAll(peer_.get(), frame);
    net::testing::RunTurns(bench_.loop());
    return net::testing::ReadAvailable(peer_.get());
  }

  std::optional<TaskScope> scope_{std::in_place};
  Context context_{.loop = bench_.loop(),
                   .broker = bench_.broker(),
                   .presence = bench_.broker(),
                   .publisher = bench_.context().publisher,
                   .maps = bench_.context().maps,
                   .hub = bench_.context().hub,
                   .metrics = bench_.context().metrics,
                   .settings = bench_.context().settings,
                   .tokens = bench_.context().tokens,
                   .directory = bench_.context().directory,
                   .scope = *scope_};
  std::shared_ptr<http::Router> router_ = std::make_shared<http::Router>();
  std::unique_ptr<http::Server> server_;
  net::Fd peer_;
};

TEST_F(WebsocketEndpointTest, ASessionHeldByACommandEndsOnceWithTheServer) {
  EXPECT_NE(Say(R"({"id":1,"connect":{}})").find("\"client\""), std::string::npos);
  bench_.broker().Pause();
  Say(R"({"id":2,"subscribe":{"channel":"plain:a"}})");
  peer_.Reset();
  net::testing::RunTurns(bench_.loop());
  ASSERT_EQ(scope_->running(), 1u);  // the command holds the session of the client that has gone

  scope_.reset();
  server_.reset();
  std::weak_ptr<http::Router> endpoint = router_;
  router_.reset();

  EXPECT_TRUE(endpoint.expired());
  EXPECT_EQ(context_.registry.sessions(), 0u);
  net::testing::RunTurns(bench_.loop());  // nothing is left that the loop would destroy
}

// Clients that only listen, of a server that goes on.
class UniWebsocketTest : public SessionTest {
 protected:
  UniWebsocketTest() {
    router_->AddTakeover(http::Method::kGet, "/uni", MakeUniWebsocketEndpoint(bench_.context()));
    server_ = http::Server::Make(bench_.loop(), router_, {});
    auto [ours, theirs] = net::testing::TcpPair();
    server_->OnStream(net::Stream::Adopt(bench_.loop(), theirs.Release(), {}, nullptr),
                      net::Admission::kAdmitted);
    peer_ = std::move(ours);
  }
  ~UniWebsocketTest() override {
    peer_.Reset();
    net::testing::RunTurns(bench_.loop(), 8);
    server_.reset();
    router_.reset();
  }
  std::string Hear() {
    net::testing::RunTurns(bench_.loop(), 8);
    return net::testing::ReadAvailable(peer_.get());
  }
  std::string Open(const std::string& query = "") {
    net::testing::WriteAll(
        peer_.get(), "GET /uni" + query +
                         " HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n");
    return Hear();
  }
  std::string Say(websocket::Opcode opcode, std::string_view payload) {
    std::string frame;
    websocket::AppendMaskedFrame(opcode, payload, 0x01020304, frame);
    net::testing::WriteAll(peer_.get(), frame);
    return Hear();
  }

  std::shared_ptr<http::Router> router_ = std::make_shared<http::Router>();
  std::unique_ptr<http::Server> server_;
  net::Fd peer_;
};

TEST_F(UniWebsocketTest, TheFirstMessageConnectsAndPushesAreBare) {
  EXPECT_TRUE(Open().starts_with("HTTP/1.1 101 "));
  const std::string connected = Say(websocket::Opcode::kText, "{}");
  EXPECT_NE(connected.find(R"({"connect":{"client":")"), connected.npos) << connected;
  EXPECT_EQ(Say(websocket::Opcode::kText, R"({"id":2,"subscribe":{"channel":"plain:a"}})"), "")
      << "what follows is passed over";
  bench_.Apply({.user = ""}, control::Subscribe{.channel = "closed:x"});
  Hear();
  bench_.Publish("closed:x", "7");
  EXPECT_NE(Hear().find(R"({"channel":"closed:x","pub":{"data":7,)"), std::string::npos);
  bench_.Apply({.user = ""}, control::Disconnect{3503, "bye"});
  EXPECT_EQ(Hear(),
            "\x81\x2b"
            R"({"disconnect":{"code":3503,"reason":"bye"}})"
            "\x88\x05\x0d\xaf"
            "bye");
}

TEST_F(UniWebsocketTest, TheUrlConnectsAndAPongIsAwaited) {
  EXPECT_NE(Open("?cf_connect=%7B%7D").find(R"({"connect":{"client":")"), std::string::npos);
  std::string heard;
  for (int seconds = 0; heard.empty() && seconds < 26; ++seconds) {
    bench_.Advance(Seconds(1));
    heard = Hear();
  }
  EXPECT_EQ(heard, std::string("\x89\x00\x81\x02{}", 6));
  Say(websocket::Opcode::kPong, "");
  bench_.Advance(Seconds(26));
  EXPECT_EQ(Hear(), std::string("\x89\x00\x81\x02{}", 6));
  bench_.Advance(Seconds(9));
  EXPECT_NE(Hear().find(R"({"disconnect":{"code":3012,"reason":"no pong"}})"), std::string::npos);
}

TEST_F(UniWebsocketTest, WhatIsNoConnectRequestIsRefused) {
  EXPECT_TRUE(Open("?cf_connect=%5B%5D").starts_with("HTTP/1.1 400 "));
}

TEST_F(UniWebsocketTest, WhereTheSettingsSaySoTheCloseFrameAloneTells) {
  auto settings = std::make_shared<SessionSettings>(*bench_.context().settings);
  settings->uni_websocket.disable_disconnect_push = true;
  bench_.context().settings = settings;
  Open();
  EXPECT_EQ(Say(websocket::Opcode::kText, "no json"),
            "\x88\x0d\x0d\xad"
            "bad request");
}

}  // namespace
}  // namespace tidemill::session
