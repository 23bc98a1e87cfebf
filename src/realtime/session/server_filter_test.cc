// server_tags_filter: what a client may see of a channel, by the terms of its subscription.
#include <gtest/gtest.h>

#include <string>

#include "net/task_scope.h"
#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

BenchSettings WithHistory() {
  BenchSettings settings = TestSettings();
  channels::ChannelOptions& options = settings.channel.namespaces["told"];
  options.history_size = 10;
  options.history_ttl = Seconds(60);
  options.force_recovery = true;
  options.allow_tags_filter = true;
  options.allow_history_for_subscriber = true;
  options.allowed_delta_types = {"fossil"};
  options.delta_publish = true;
  channels::ChannelOptions& map = settings.channel.namespaces["map"];
  map.subscription_type = "map";
  map.map.mode = "ephemeral";
  return settings;
}

constexpr char kTeamA[] = R"({"key":"team","cmp":"eq","val":"a"})";
constexpr char kTeamB[] = R"({"key":"team","cmp":"eq","val":"b"})";

class ServerFilterTest : public SessionTest {
 protected:
  ServerFilterTest() : SessionTest(WithHistory()) {}

  static std::string TokenFor(const std::string& channel, const std::string& filter,
                              const std::string& more = "") {
    return SessionBench::Token(R"({"sub":"ann","channel":")" + channel + R"(","server_tags_filter":)" +
                               filter + more + "}");
  }
  std::string Subscribe(TestClient& client, const std::string& filter, const std::string& more = "") {
    const Lines answer = client.Say(R"({"id":2,"subscribe":{"channel":"told:x","token":")" +
                                    TokenFor("told:x", filter) + "\"" + more + "}}");
    return answer.empty() ? "" : answer.front();
  }
  static Task<void> Publish(broker::Publisher& publisher, broker::PublishCall call, std::string& epoch) {
    const auto published = co_await publisher.Publish(std::move(call));
    EXPECT_TRUE(published);
    if (published) epoch = published->position.epoch;
  }
  void PublishTo(const std::string& team, int n) {
    broker::PublishCall call{.channel = "told:x", .data = "{\"n\":" + std::to_string(n) + "}"};
    call.form = broker::DataForm::kJson;
    call.tags = {{"team", team}, {"n", std::to_string(n)}};
    TaskScope scope;
    scope.Spawn(Publish(bench_.context().publisher, std::move(call), epoch_));
    bench_.Turn();
    ASSERT_EQ(scope.running(), 0u);
  }
  std::string epoch_;  // of the channel

  static bool Has(const Lines& lines, int n) {
    for (const std::string& line : lines) {
      if (line.find("\"n\":" + std::to_string(n) + "}") != std::string::npos) return true;
    }
    return false;
  }
};

TEST_F(ServerFilterTest, OnlyWhatMatchesReachesTheClient) {
  auto client = Connected(R"({"sub":"ann"})");
  EXPECT_NE(Subscribe(*client, kTeamA).find("\"subscribe\""), std::string::npos);
  PublishTo("a", 1);
  PublishTo("b", 2);
  PublishTo("a", 3);
  const Lines heard = client->HearAll();
  EXPECT_TRUE(Has(heard, 1) && Has(heard, 3));
  EXPECT_FALSE(Has(heard, 2));
}

TEST_F(ServerFilterTest, TheClientsOwnFilterCanOnlyNarrowIt) {
  auto client = Connected(R"({"sub":"ann"})");
  Subscribe(*client, kTeamA, R"(,"tf":{"key":"n","cmp":"gte","val":"3"})");
  for (const int n : {1, 3}) PublishTo("a", n);
  PublishTo("b", 4);
  const Lines heard = client->HearAll();
  EXPECT_TRUE(Has(heard, 3));
  EXPECT_FALSE(Has(heard, 1) || Has(heard, 4));
}

TEST_F(ServerFilterTest, HoldsForWhatIsRecoveredAndForHistory) {
  auto client = Connected(R"({"sub":"ann"})");
  PublishTo("a", 1);
  PublishTo("b", 2);
  PublishTo("a", 3);
  const std::string answer =
      Subscribe(*client, kTeamA, R"(,"recover":true,"offset":0,"epoch":")" + epoch_ + "\"");
  EXPECT_NE(answer.find("\"recovered\":true"), std::string::npos) << answer;
  EXPECT_TRUE(Has({answer}, 1) && Has({answer}, 3));
  EXPECT_FALSE(Has({answer}, 2));
  const Lines history = client->Say(R"({"id":3,"history":{"channel":"told:x","limit":-1}})");
  EXPECT_TRUE(Has(history, 1) && Has(history, 3));
  EXPECT_FALSE(Has(history, 2));
}

TEST_F(ServerFilterTest, ThereAreNoDeltasWithIt) {
  auto client = Connected(R"({"sub":"ann"})");
  EXPECT_EQ(Subscribe(*client, kTeamA, R"(,"delta":"fossil")").find("\"delta\""), std::string::npos);
}

TEST_F(ServerFilterTest, OneThatIsMalformedGrantsNothing) {
  auto client = Connected(R"({"sub":"ann"})");
  EXPECT_NE(Subscribe(*client, R"({"key":"team","cmp":"like"})").find("\"code\":103"), std::string::npos);
}

TEST_F(ServerFilterTest, ARefreshThatLetsItSeeOtherThingsMakesItSubscribeAnew) {
  auto client = Connected(R"({"sub":"ann"})");
  Subscribe(*client, kTeamA);
  const auto refresh = [&](const std::string& filter) {
    return client->Say(R"({"id":4,"sub_refresh":{"channel":"told:x","token":")" + TokenFor("told:x", filter) +
                       "\"}}");
  };
  EXPECT_EQ(refresh(kTeamA).size(), 1u) << "the same: it goes on";
  const Lines other = refresh(kTeamB);
  ASSERT_EQ(other.size(), 2u);
  EXPECT_NE(other[1].find(R"("unsubscribe":{"code":2500)"), std::string::npos) << other[1];
  EXPECT_NE(Subscribe(*client, kTeamB).find("\"subscribe\""), std::string::npos);
}

TEST_F(ServerFilterTest, HoldsForServerSideSubscriptions) {
  auto client =
      Connected(std::string(R"({"sub":"ann","subs":{"told:x":{"server_tags_filter":)") + kTeamA + "}}}");
  client->Hear();
  PublishTo("b", 1);
  PublishTo("a", 2);
  const Lines heard = client->HearAll();
  EXPECT_TRUE(Has(heard, 2));
  EXPECT_FALSE(Has(heard, 1));
}

TEST_F(ServerFilterTest, IsRefusedInMaps) {
  auto client = Connected(R"({"sub":"ann"})");
  const Lines answer = client->Say(R"({"id":2,"subscribe":{"channel":"map:x","type":1,"phase":2,"token":")" +
                                   TokenFor("map:x", kTeamA) + "\"}}");
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_NE(answer[0].find("\"code\":103"), std::string::npos) << answer[0];
}

}  // namespace
}  // namespace tidemill::session
