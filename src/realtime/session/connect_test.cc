#include "realtime/session/connect.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <string>

#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

class ConnectTest : public SessionTest {
 protected:
  static std::string Connect(const std::string& claims, const std::string& rest = "") {
    return R"({"id":1,"connect":{"token":")" + SessionBench::Token(claims) + "\"" + rest + "}}";
  }
};

TEST_F(ConnectTest, TheTokensSubscriptionsComeWithTheirTerms) {
  auto client = bench_.Connect();
  const Lines heard = client->Say(
      Connect(R"({"sub":"u","info":{"n":1},"subs":{"closed:a":{"data":{"d":1},"info":{"i":2},)"
              R"("override":{"join_leave":{"value":true},"force_push_join_leave":{"value":true}}}}})"));
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_TRUE(heard[0].contains(R"("subs":{"closed:a":{"data":{"d":1}}})")) << heard[0];
  EXPECT_EQ(heard[1], R"({"push":{"channel":"closed:a","join":{"info":{"user":"u","client":")" +
                          client->id() + R"(","conn_info":{"n":1},"chan_info":{"i":2}}}}})")
      << "after the reply";
}

TEST_F(ConnectTest, PublicationsMeanwhileDoNotOvertakeTheReply) {
  auto client = bench_.Connect();
  bench_.broker().Pause();
  EXPECT_EQ(client->Say(Connect(R"({"sub":"u","channels":["plain:a","plain:b"]})")), Lines{});
  bench_.broker().AnswerOne();
  bench_.Turn();
  bench_.Publish("plain:a", "7");
  bench_.Turn();
  EXPECT_EQ(client->Hear(), Lines{}) << "it follows the first channel, the second is still to come";
  bench_.broker().Resume();
  bench_.Turn();
  const Lines heard = client->Hear();
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_TRUE(heard[0].starts_with(R"({"id":1,"connect":{)"));
  EXPECT_TRUE(heard[1].contains(R"("channel":"plain:a","pub":{"data":7)")) << heard[1];
}

TEST_F(ConnectTest, WhatTheClientAsksForIsWhatItCouldSubscribeTo) {
  auto client = bench_.Connect();
  const Lines heard =
      client->Say(Connect(R"({"sub":"u"})", R"(,"subs":{"plain:a":{},"closed:b":{},"$plain:c":{}})"));
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_TRUE(heard[0].contains(R"("subs":{"plain:a":{}})")) << heard[0];
  auto unknown = bench_.Connect();
  unknown->Say(Connect(R"({"sub":"u"})", R"(,"subs":{"nons:a":{}})"));
  EXPECT_EQ(unknown->close_code(), 3501u);
}

TEST_F(ConnectTest, WhatTheClientMayNotNameIsLeftOut) {
  auto client = bench_.Connect();
  const Lines heard = client->Say(Connect(R"({"sub":"u"})", R"(,"subs":{"plain:a":{},"plain:ü":{},"plain:)" +
                                                                std::string(255, 'x') + R"(":{}})"));
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_TRUE(heard[0].contains(R"("subs":{"plain:a":{}})")) << heard[0];
}

// Whatever a token can say as "sub" is a user that can connect, and that gets what is sent to it alone.
TEST_F(ConnectTest, EveryUserHasAPersonalChannel) {
  const std::string ids[] = {"u",
                             "a b",
                             " ",
                             "ы",
                             "🌊",
                             "a:b",
                             "room:x",
                             "#",
                             "a#b",
                             "a,b",
                             ",",
                             "$u",
                             "a\\n",
                             "\\\"",
                             "*",
                             "{}",
                             std::string(5000, 'x')};
  for (const char* name_space : {"", "closed"}) {
    BenchSettings settings = TestSettings();
    settings.client.subscribe_to_user_personal_channel = true;
    settings.client.personal_channel_namespace = name_space;
    SessionBench bench(settings);
    const std::string prefix = *name_space == 0 ? "#" : std::string(name_space) + ":#";
    for (const std::string& id : ids) {
      SCOPED_TRACE(prefix + id.substr(0, 20));
      auto client = bench.Connect();
      client->Say(Connect(R"({"sub":")" + id + "\"}"));
      ASSERT_EQ(client->close_code(), 0u);
      ASSERT_EQ(client->session().subscriptions(), 1u);
      bench.Publish(prefix + client->session().user(), "7");
      bench.Turn();
      const Lines heard = client->Hear();
      ASSERT_EQ(heard.size(), 1u);
      EXPECT_TRUE(heard[0].contains(R"("pub":{"data":7)")) << heard[0];
    }
  }
}

TEST_F(ConnectTest, NobodyFollowsThePersonalChannelOfAnother) {
  BenchSettings settings = TestSettings();
  settings.client.subscribe_to_user_personal_channel = true;
  settings.channel.without_namespace.allow_user_limited_channels = true;
  settings.channel.without_namespace.allow_subscribe_for_client = true;
  SessionBench bench(settings);
  for (const char* channel : {"#a,b", "#a#b", "#a:b", "#a"}) {
    SCOPED_TRACE(channel);
    auto client = bench.Connect();
    const Lines connected =
        client->Say(Connect(R"({"sub":"b"})", R"(,"subs":{")" + std::string(channel) + R"(":{}})"));
    EXPECT_FALSE(connected.at(0).contains(channel)) << connected[0];
    EXPECT_EQ(client->Say(R"({"id":2,"subscribe":{"channel":")" + std::string(channel) + "\"}}"),
              Lines{R"({"id":2,"error":{"code":103,"message":"permission denied"}})"});
  }
}

TEST_F(ConnectTest, AThousandChannelsAreAsManySubscriptions) {
  BenchSettings settings = TestSettings();
  settings.client.channel_limit = 1000;
  SessionBench bench(settings);
  std::string channels;
  for (int i = 0; i < 1000; ++i)
    channels += std::string(i > 0 ? "," : "") + "\"plain:" + std::to_string(i) + "\"";
  auto client = bench.Connect();
  client->Say(Connect(R"({"sub":"u","channels":[)" + channels + "]}"));
  EXPECT_EQ(client->session().subscriptions(), 1000u);
  EXPECT_EQ(bench.context().hub.subscriptions(), 1000u);
  auto more = bench.Connect();
  more->Say(Connect(R"({"sub":"u","channels":[)" + channels + R"(,"plain:more"]})"));
  EXPECT_EQ(more->close_code(), protocol::kDisconnectChannelLimit.code);
}

TEST_F(ConnectTest, AUsersConnectionsAreLimited) {
  BenchSettings settings = TestSettings();
  settings.client.user_connection_limit = 2;
  SessionBench bench(settings);
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(bench.Connect());
    clients.back()->Say(Connect(R"({"sub":"u"})"));
  }
  EXPECT_EQ(clients[1]->close_code(), 0u);
  EXPECT_EQ(clients[2]->close_code(), protocol::kDisconnectConnectionLimit.code);
}

TEST_F(ConnectTest, ASingleConnectionEndsTheOthers) {
  BenchSettings settings = TestSettings();
  settings.client.single_connection = true;
  SessionBench bench(settings);
  auto before = bench.Connect();
  before->Say(Connect(R"({"sub":"u"})"));
  auto after = bench.Connect();
  after->Say(Connect(R"({"sub":"u"})"));
  EXPECT_EQ(before->close_code(), protocol::kDisconnectConnectionLimit.code);
  EXPECT_EQ(after->close_code(), 0u);
}

TEST_F(ConnectTest, AClientThatGoesMeanwhileLeavesNothing) {
  auto client = bench_.Connect();
  bench_.broker().Pause();
  client->Say(Connect(R"({"sub":"u","channels":["room:a"]})"));
  client->HangUp();
  bench_.broker().Resume();
  bench_.Turn();
  EXPECT_TRUE(client->retired());
  EXPECT_EQ(bench_.context().registry.sessions(), 0u);
  EXPECT_EQ(bench_.context().metrics.connections.value(), 0);
}

// The time that a connect with so many subscriptions takes the thread, for each of them. The best of a few.
double MicrosPerSubscription(int subscriptions) {
  BenchSettings settings = TestSettings();
  settings.client.channel_limit = 10'000;
  SessionBench bench(settings);
  std::string subs;
  for (int i = 0; i < subscriptions; ++i) {
    subs += std::string(i > 0 ? "," : "") + "\"plain:" + std::to_string(i) + R"(":{})";
  }
  const std::string connect = R"({"id":1,"connect":{"subs":{)" + subs + "}}}";
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    auto client = bench.Connect();
    const std::clock_t begun = std::clock();
    client->session().OnFrame(connect);
    const double micros = 1e6 * static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
    EXPECT_EQ(client->session().subscriptions(), static_cast<std::size_t>(subscriptions));
    best = std::min(best, micros / subscriptions);
  }
  return best;
}

TEST(ConnectCost, GrowsNoFasterThanTheNumberOfSubscriptions) {
  const double few = MicrosPerSubscription(250);
  const double many = MicrosPerSubscription(4000);
  RecordProperty("micros_each_of_250", std::to_string(few));
  RecordProperty("micros_each_of_4000", std::to_string(many));
  EXPECT_LT(many, 2 * few);
}

}  // namespace
}  // namespace tidemill::session
