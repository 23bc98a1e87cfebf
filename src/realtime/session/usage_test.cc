#include "realtime/session/usage.h"

#include <gtest/gtest.h>

#include <string>

#include "net/task_scope.h"
#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

class UsageTest : public SessionTest {
 protected:
  UsageTest() {
    bench_.context().lifecycle.Add(usage_);
    bench_.context().publisher.SetUsage(usage_);
  }
  // "": there is no such series.
  std::string Value(const std::string& series) const {
    const std::string text = registry_.Text();
    const std::size_t at = text.find("\n" + series + " ");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + series.size() + 2;
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  static Task<void> Publish(broker::Publisher& publisher, broker::PublishCall call) {
    const auto published = co_await publisher.Publish(std::move(call));
    EXPECT_TRUE(published);
  }
  std::unique_ptr<TestClient> Named(const std::string& name) {
    auto client = bench_.Connect();
    client->Say(R"({"id":1,"connect":{"token":")" + SessionBench::Token(R"({"sub":"u"})") + R"(","name":")" +
                name + "\"}}");
    return client;
  }

  metrics::Registry registry_;
  Usage usage_{registry_, {.by_namespace = true, .client_names = {"shop"}}};
};

TEST_F(UsageTest, CountsClientsByNamesThatWereGiven) {
  auto js = Named("js");
  auto shop = Named("shop");
  std::vector<std::unique_ptr<TestClient>> strangers;
  for (int i = 0; i < 20; ++i) strangers.push_back(Named("stranger-" + std::to_string(i)));
  EXPECT_EQ(Value(R"(tidemill_client_connections{client_name="js"})"), "1");
  EXPECT_EQ(Value(R"(tidemill_client_connections{client_name="shop"})"), "1");
  EXPECT_EQ(Value(R"(tidemill_client_connections{client_name="other"})"), "20");
  EXPECT_EQ(registry_.Text().find("stranger"), std::string::npos) << "clients make no series";
  strangers.pop_back();
  shop->HangUp();
  bench_.Turn();
  EXPECT_EQ(Value(R"(tidemill_client_connections{client_name="shop"})"), "0");
}

TEST_F(UsageTest, CountsByNamespace) {
  auto client = Connected();
  client->Say(R"({"id":2,"subscribe":{"channel":"plain:a"}})");
  client->Say(R"({"id":3,"subscribe":{"channel":"plain:b"}})");
  client->Say(R"({"id":4,"unsubscribe":{"channel":"plain:b"}})");
  client->Say(R"({"id":5,"subscribe":{"channel":"unknown:a"}})");
  broker::PublishCall call{.channel = "plain:a", .data = "[1]", .form = broker::DataForm::kJson};
  TaskScope scope;
  scope.Spawn(Publish(bench_.context().publisher, std::move(call)));
  bench_.Turn();
  EXPECT_EQ(Value(R"(tidemill_namespace_subscriptions{namespace="plain"})"), "1");
  EXPECT_EQ(Value(R"(tidemill_namespace_subscribes_total{namespace="plain"})"), "2");
  EXPECT_EQ(Value(R"(tidemill_namespace_publications_total{namespace="plain"})"), "1");
  EXPECT_EQ(Value(R"(tidemill_namespace_published_bytes_total{namespace="plain"})"), "3");
  EXPECT_EQ(Value(R"(tidemill_namespace_subscriptions{namespace="unknown"})"), "");
}

}  // namespace
}  // namespace tidemill::session
