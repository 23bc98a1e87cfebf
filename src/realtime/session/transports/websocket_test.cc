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

}  // namespace
}  // namespace tidemill::session
