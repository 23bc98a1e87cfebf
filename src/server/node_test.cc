#include "server/node.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "net/testing/harness.h"
#include "server/testing/tcp_client.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

using testing::Ask;

settings::Settings TestSettings() {
  settings::Settings settings;
  settings.loops = 2;
  settings.http_server.listen = {"127.0.0.1:0"};
  settings.http_server.internal_listen = {"127.0.0.1:0"};
  settings.http_api.keys = {{"old"}};
  settings.shutdown_timeout = Seconds(5);
  return settings;
}

void SpoilProxy(settings::Settings& settings) {
  settings.proxies.rpc.endpoint = "https://localhost:1/";
  settings.proxies.rpc.tls_enabled = true;
  settings.proxies.rpc.tls_server_ca_file = "/nowhere/authority.pem";
}

class NodeTest : public ::testing::Test {
 protected:
  NodeTest() {
    auto node = Node::Start(TestSettings(), {});
    EXPECT_TRUE(node) << node.error().detail;
    node_ = *std::move(node);
  }

  net::SocketAddress Public() const { return node_->addresses()[0].tcp; }
  net::SocketAddress Internal() const { return node_->addresses()[1].tcp; }

  // Whether the API takes that key.
  bool Accepts(std::string_view key) {
    const std::string answer =
        Ask(Internal(), "POST /api/info", "X-API-Key: " + std::string(key) + "\r\n", "{}");
    return answer.starts_with("HTTP/1.1 200 ");
  }

  std::unique_ptr<Node> node_;
};

TEST_F(NodeTest, TakesOverAllOrNothing) {
  struct Case {
    const char* name;
    void (*spoil)(settings::Settings&);
    std::string_view why;
  };
  const Case cases[] = {
      {"a certificate that is not there",
       [](settings::Settings& s) {
         s.http_server.tls_cert_file = "/nowhere/cert.pem";
         s.http_server.tls_key_file = "/nowhere/key.pem";
       },
       "/nowhere/cert.pem"},
      {"an authority of a proxy that is not there", SpoilProxy, "the proxy rpc: "},
      {"a key of tokens that is none", [](settings::Settings& s) { s.client.token.rsa_public_key = "x"; },
       "rsa_public_key"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    settings::Settings wanted = TestSettings();
    wanted.http_api.keys = {{"new"}};
    wanted.http_server.connection_limit = 1;
    wanted.shutdown_timeout = Seconds(1);
    c.spoil(wanted);
    const auto reloaded = node_->Reload(wanted);
    ASSERT_FALSE(reloaded);
    EXPECT_TRUE(reloaded.error().detail.contains(c.why)) << reloaded.error().detail;
    EXPECT_TRUE(Accepts("old"));
    EXPECT_FALSE(Accepts("new"));
    const net::Fd one = testing::Connect(Internal());
    net::testing::WriteAll(one.get(), "GET");
    EXPECT_TRUE(Accepts("old")) << "beside another connection";
  }
}

TEST_F(NodeTest, TakesOverWhatIsGoodAndNamesWhatNeedsARestart) {
  settings::Settings wanted = TestSettings();
  wanted.http_api.keys = {{"new"}};
  wanted.loops = 3;
  const auto reloaded = node_->Reload(wanted);
  ASSERT_TRUE(reloaded) << reloaded.error().detail;
  EXPECT_EQ(*reloaded, std::vector<std::string>{"loops"});
  EXPECT_FALSE(Accepts("old"));
  EXPECT_TRUE(Accepts("new"));
}

TEST_F(NodeTest, DrainsThePublicPortAndSaysSoOnTheInternalOne) {
  EXPECT_TRUE(Ask(Internal(), "GET /ready").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(testing::Connect(Public()).valid());
  node_->Drain([] { return false; });
  EXPECT_TRUE(Ask(Internal(), "GET /health").starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(Ask(Internal(), "GET /ready").starts_with("HTTP/1.1 503 "));
  EXPECT_FALSE(testing::Connect(Public()).valid());
}

TEST(Node, DoesNotStartWithWhatItCannotUse) {
  settings::Settings settings = TestSettings();
  settings.client.token.rsa_public_key = "x";
  EXPECT_FALSE(Node::Start(settings, {}));
  settings = TestSettings();
  settings.http_server.listen = {"256.0.0.1:0"};
  EXPECT_FALSE(Node::Start(settings, {}));
  settings = TestSettings();
  SpoilProxy(settings);
  EXPECT_FALSE(Node::Start(settings, {}));
}

}  // namespace
}  // namespace tidemill::server
