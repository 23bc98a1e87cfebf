#include "realtime/session/session.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "realtime/protocol/wire.h"
#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

TEST_F(SessionTest, ConnectsAnonymouslyWhereAllowed) {
  auto client = bench_.Connect();

  EXPECT_EQ(client->Say(R"({"id":1,"connect":{}})"),
            (Lines{R"({"id":1,"connect":{"client":")" + client->id() +
                   R"(","version":"test","ping":25,"pong":true}})"}));
}

TEST_F(SessionTest, ClosesWhoDoesNotConnectInTime) {
  auto client = bench_.Connect();
  bench_.Advance(Milliseconds(9500));
  EXPECT_EQ(client->close_code(), 0u);
  bench_.Advance(Seconds(1));
  EXPECT_EQ(client->close_code(), 3502u);
}

TEST(SessionRate, FramesThatAreNoMessageCountAsCommands) {
  BenchSettings settings = TestSettings();
  settings.client.commands_per_second = 10;
  SessionBench bench(settings);
  const auto client = bench.Connect();
  client->session().OnExtraFrames(10);
  EXPECT_EQ(client->close_code(), 0u);
  client->session().OnExtraFrames(1);
  EXPECT_EQ(client->close_code(), 3013u);
  client->session().OnExtraFrames(1);  // and then nothing
}

TEST(SessionRate, CommandsOverAConnectionsRateAreErrors) {
  BenchSettings settings = TestSettings();
  settings.client.connection_rate.presence_stats = {"2/1s"};
  SessionBench bench(settings);
  const auto client = bench.Connect();
  client->Say(R"({"id":1,"connect":{}})");
  const std::string ask = R"({"id":2,"presence_stats":{"channel":"room:a"}})";
  const Lines refused = {R"({"id":2,"error":{"code":111,"message":"too many requests","temporary":true}})"};
  for (int i = 0; i < 2; ++i) EXPECT_NE(client->Say(ask), refused);
  EXPECT_EQ(client->Say(ask), refused);
  EXPECT_EQ(client->close_code(), 0u) << "it may go on";
  bench.Advance(Milliseconds(500));
  EXPECT_NE(client->Say(ask), refused);
}

TEST(SessionRate, WhatTheUsersRateRefusesTakesNothingOfTheConnections) {
  BenchSettings settings = TestSettings();
  settings.client.connection_rate.presence_stats = {"3/1h"};
  settings.client.user_rate.presence_stats = {"1/1s"};
  SessionBench bench(settings);
  const auto client = bench.Connect();
  client->Say(R"({"id":1,"connect":{"token":")" + SessionBench::Token("{\"sub\":\"u\"}") + "\"}}");
  const auto passes = [&] {
    return !client->Say(R"({"id":2,"presence_stats":{"channel":"room:a"}})")[0].contains("111");
  };
  for (int second = 0; second < 3; ++second) {
    EXPECT_TRUE(passes());
    for (int i = 0; i < 20; ++i) EXPECT_FALSE(passes());
    bench.Advance(Seconds(1));
  }
  EXPECT_FALSE(passes()) << "the connection's three";
}

TEST(SessionRate, OfAUserAllConnectionsCount) {
  BenchSettings settings = TestSettings();
  settings.client.user_rate.connect = {"2/1m"};
  SessionBench bench(settings);
  const std::string connect =
      R"({"id":1,"connect":{"token":")" + SessionBench::Token("{\"sub\":\"u\"}") + "\"}}";
  const auto first = bench.Connect(), second = bench.Connect(), third = bench.Connect();
  EXPECT_TRUE(first->Say(connect)[0].contains(R"("connect":)"));
  EXPECT_TRUE(second->Say(connect)[0].contains(R"("connect":)"));
  EXPECT_EQ(third->Say(connect),
            (Lines{R"({"id":1,"error":{"code":111,"message":"too many requests","temporary":true}})"}));
}

TEST_F(SessionTest, AnErrorReplyToConnectLeavesTheConnectionUnusable) {
  auto client = bench_.Connect();
  const std::string expired = SessionBench::Token("{\"sub\":\"u\",\"exp\":1}");
  EXPECT_EQ(client->Say(R"({"id":1,"connect":{"token":")" + expired + "\"}}\n" +
                        R"({"id":2,"subscribe":{"channel":"plain:x"}})"),
            (Lines{R"({"id":1,"error":{"code":109,"message":"token expired"}})"}));
  EXPECT_EQ(client->close_code(), 3501u);
}

TEST_F(SessionTest, ASubscribeReplyComesBeforePublicationsAndTheOwnJoin) {
  auto client = Connected();
  const Lines heard = client->Say(R"({"id":2,"subscribe":{"channel":"room:a"}})");

  ASSERT_EQ(heard.size(), 2u);
  EXPECT_TRUE(heard[0].starts_with(R"({"id":2,"subscribe":{"recoverable":true,"epoch":")"));
  EXPECT_EQ(heard[1],
            R"({"push":{"channel":"room:a","join":{"info":{"user":"u","client":")" + client->id() + "\"}}}}");
}

TEST_F(SessionTest, CommandsThatBreakTheRulesEndTheConnection) {
  struct Case {
    const char* name;
    const char* frame;
    std::uint32_t code;
  };
  const Case cases[] = {
      {"second connect", R"({"id":2,"connect":{}})", 3501},
      {"pong that nobody asked for", "{}", 3501},
      {"empty frame", "", 3501},
      {"not JSON", "{\"id\":2,\"publish\":{\"channel\":\"a\",\"data\":boom}}", 3501},
      {"no id", R"({"subscribe":{"channel":"plain:x"}})", 3501},
      {"unknown command", R"({"id":2,"foo":{}})", 3501},
      {"ping command", R"({"id":2,"ping":{}})", 3501},
      {"send", R"({"send":{"data":{}}})", 3508},
      {"empty channel", R"({"id":2,"subscribe":{"channel":""}})", 3501},
      {"unknown delta", R"({"id":2,"subscribe":{"channel":"plain:x","delta":"nope"}})", 3501},
      {"refresh without a token", R"({"id":2,"refresh":{}})", 3501},
      {"refresh with a bad token", R"({"id":2,"refresh":{"token":"x"}})", 3500},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    auto client = Connected();
    client->Say(c.frame);
    EXPECT_EQ(client->close_code(), c.code);
    EXPECT_NE(client->close_reason(), "");
  }
}

TEST_F(SessionTest, CommandsThatMayNotBeDoneGetAnErrorReply) {
  struct Case {
    const char* name;
    const char* command;
    int code;
  };
  const Case cases[] = {
      {"unknown namespace", R"("subscribe":{"channel":"nons:x"})", 102},
      {"not allowed", R"("subscribe":{"channel":"closed:x"})", 103},
      {"private without a token", R"("subscribe":{"channel":"$plain:x"})", 103},
      {"bad token", R"("subscribe":{"channel":"plain:y","token":"bad"})", 103},
      {"not ASCII", R"("subscribe":{"channel":"plain:ü"})", 107},
      {"an unknown namespace, not ASCII", R"("subscribe":{"channel":"nons:ü"})", 102},
      {"presence, not ASCII", R"("presence":{"channel":"room:ü"})", 107},
      {"filter", R"("subscribe":{"channel":"plain:f","tf":{"key":"t","cmp":"eq","val":"1"}})", 107},
      {"another subscription type", R"("subscribe":{"channel":"plain:f","type":1})", 103},
      {"presence that is off", R"("presence":{"channel":"plain:x"})", 108},
      {"presence of others", R"("presence":{"channel":"room:x"})", 103},
      {"history that is off", R"("history":{"channel":"plain:x"})", 108},
      {"publish not allowed", R"("publish":{"channel":"plain:x","data":{}})", 103},
      {"publish without data", R"("publish":{"channel":"plain:x"})", 107},
      {"rpc", R"("rpc":{"method":"m","data":{}})", 108},
      {"sub_refresh of a channel not followed", R"("sub_refresh":{"channel":"plain:x","token":"t"})", 103},
  };
  auto client = Connected();
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Lines heard = client->Say(std::string("{\"id\":9,") + c.command + "}");
    ASSERT_EQ(heard.size(), 1u);
    EXPECT_TRUE(heard[0].starts_with(R"({"id":9,"error":{"code":)" + std::to_string(c.code))) << heard[0];
  }
  EXPECT_EQ(client->close_code(), 0u);
}

TEST_F(SessionTest, RecoversExactlyWhatWasMissed) {
  auto client = Connected();
  const std::string first = client->Say(R"({"id":2,"subscribe":{"channel":"room:r"}})")[0];
  const std::string epoch = first.substr(first.find("epoch") + 8, 8);
  for (const char* data : {"1", "2", "3"}) bench_.Publish("room:r", data);
  bench_.Turn();
  auto late = Connected();

  const Lines heard = late->Say(
      R"({"id":2,"subscribe":{"channel":"room:r","recover":true,"offset":1,"epoch":")" + epoch + "\"}}");
  EXPECT_EQ(heard[0],
            R"({"id":2,"subscribe":{"recoverable":true,"epoch":")" + epoch +
                R"(","publications":[{"data":2,"offset":2},{"data":3,"offset":3}],"recovered":true,)" +
                R"("offset":1,"positioned":true,"was_recovering":true}})");
}

TEST_F(SessionTest, RefusesAnUnrecoverablePositionIfAskedTo) {
  auto client = Connected();
  bench_.Publish("room:r", "1");
  EXPECT_EQ(
      client->Say(
          R"({"id":2,"subscribe":{"channel":"room:r","recover":true,"offset":1,"epoch":"zz","flag":2}})"),
      (Lines{R"({"id":2,"error":{"code":112,"message":"unrecoverable position"}})"}));
  EXPECT_EQ(client->session().subscriptions(), 0u);
}

TEST_F(SessionTest, PingsAndClosesWhoDoesNotAnswer) {
  auto client = Connected();
  int pings = 0;
  for (int second = 0; second < 80; ++second) {
    bench_.Advance(Seconds(1));
    for (const std::string& line : client->Hear()) {
      EXPECT_EQ(line, "{}");
      ++pings;
      client->Say("{}");
    }
  }
  EXPECT_EQ(client->close_code(), 0u);
  EXPECT_EQ(pings, 3);

  bench_.Advance(Seconds(25 + 9));

  EXPECT_EQ(client->close_code(), 3012u);
}

TEST_F(SessionTest, OtherTrafficIsNoPong) {
  auto client = Connected();
  bench_.Advance(Seconds(25));
  client->Say(R"({"id":5,"unsubscribe":{"channel":"plain:never"}})");
  bench_.Advance(Seconds(9));
  EXPECT_EQ(client->close_code(), 3012u);
}

// The ping stands behind it. Each time that the client is looked at it has taken a piece.
TEST_F(SessionTest, WhoTakesALargeAnswerSlowlyIsThere) {
  auto client = Connected();
  client->QueueMessage(std::string(4'000'000, 'x'));
  int heard = 0;
  bool pinged = false;
  for (int second = 0; second < 200 && !pinged; ++second) {
    bench_.Advance(Seconds(1));
    if (second % 5 != 0) continue;
    for (const std::string& line : client->Hear()) pinged = pinged || line == "{}";
    ++heard;
    ASSERT_EQ(client->close_code(), 0u) << "after " << second << " s";
  }
  EXPECT_TRUE(pinged);
  EXPECT_GT(heard, 8);
  client->Say("{}");
  EXPECT_EQ(client->close_code(), 0u);
}

TEST_F(SessionTest, WhoTakesNothingOfALargeAnswerIsNot) {
  auto client = Connected();
  client->QueueMessage(std::string(4'000'000, 'x'));
  bench_.Advance(Seconds(25));
  bench_.Advance(Seconds(9));
  EXPECT_EQ(client->close_code(), 3012u);
}

TEST_F(SessionTest, AConnectionEndsSomeTimeAfterItsTokenUnlessRefreshed) {
  auto client = Connected("{\"sub\":\"u\",\"exp\":" + Exp(10) + "}");
  client->Hear();
  bench_.Advance(Seconds(5));
  const std::string fresh = SessionBench::Token("{\"sub\":\"u\",\"exp\":" + Exp(60) + "}");
  EXPECT_EQ(client->Say(R"({"id":2,"refresh":{"token":")" + fresh + "\"}}"),
            (Lines{R"({"id":2,"refresh":{"expires":true,"ttl":60}})"}));

  for (int i = 0; i < 84; ++i) {
    bench_.Advance(Seconds(1));
    for (const std::string& line : client->Hear()) {
      if (line == "{}") client->Say("{}");
    }
  }
  EXPECT_EQ(client->close_code(), 0u);
  bench_.Advance(Seconds(2));
  EXPECT_EQ(client->close_code(), 3005u);
}

TEST_F(SessionTest, ARefreshMustBeOfTheSameUserAndChannels) {
  struct Case {
    const char* name;
    std::string claims;
    std::uint32_t code;
  };
  const Case cases[] = {
      {"another user", "{\"sub\":\"other\"}", 3500},
      {"expired", "{\"sub\":\"u\",\"exp\":1}", 3005},
      {"other server-side channels", "{\"sub\":\"u\",\"channels\":[\"plain:z\"]}", 3010},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    auto client = Connected();
    client->Say(R"({"id":2,"refresh":{"token":")" + SessionBench::Token(c.claims) + "\"}}");
    EXPECT_EQ(client->close_code(), c.code);
  }
}

TEST_F(SessionTest, ASubscriptionEndsSomeTimeAfterItsToken) {
  auto client = Connected();
  EXPECT_EQ(client->Say(R"({"id":2,"subscribe":{"channel":"$plain:p","token":")" + SubToken("$plain:p", 10) +
                        "\"}}"),
            (Lines{R"({"id":2,"subscribe":{"expires":true,"ttl":10}})"}));
  EXPECT_EQ(client->Say(R"({"id":3,"sub_refresh":{"channel":"$plain:p","token":")" +
                        SubToken("$plain:p", 12) + "\"}}"),
            (Lines{R"({"id":3,"sub_refresh":{"expires":true,"ttl":12}})"}));

  Lines heard;
  for (int i = 0; i < 40; ++i) {
    bench_.Advance(Seconds(1));
    for (const std::string& line : client->Hear()) {
      if (line == "{}") {
        client->Say("{}");
      } else {
        heard.push_back(line);
      }
    }
  }
  EXPECT_EQ(
      heard,
      (Lines{
          R"({"push":{"channel":"$plain:p","unsubscribe":{"code":2501,"reason":"subscription expired"}}})"}));
  EXPECT_EQ(client->session().subscriptions(), 0u);
}

// The incumbent makes the subscription permanent here.
TEST_F(SessionTest, AnExpiredSubRefreshTokenIsRefused) {
  auto client = Connected();
  client->Say(R"({"id":2,"subscribe":{"channel":"$plain:p","token":")" + SubToken("$plain:p", 10) + "\"}}");
  client->Say(R"({"id":3,"sub_refresh":{"channel":"$plain:p","token":")" + SubToken("$plain:p", -10) +
              "\"}}");
  EXPECT_EQ(client->close_code(), 3006u);
}

TEST_F(SessionTest, ATokenForAnotherChannelEndsTheConnection) {
  auto client = Connected();
  client->Say(R"({"id":2,"subscribe":{"channel":"$plain:p","token":")" + SubToken("$plain:other", 10) +
              "\"}}");
  EXPECT_EQ(client->close_code(), 3500u);
}

TEST_F(SessionTest, ChannelsOfTheTokenAreFollowedFromTheStart) {
  auto client = bench_.Connect();
  const std::string token = SessionBench::Token(R"({"sub":"u","channels":["plain:a","closed:b"]})");
  const Lines heard = client->Say(R"({"id":1,"connect":{"token":")" + token + "\"}}");
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_NE(heard[0].find(R"("subs":{"closed:b":{},"plain:a":{}})"), std::string::npos) << heard[0];

  bench_.Publish("closed:b", "7");
  bench_.Turn();
  EXPECT_EQ(client->Hear().size(), 1u);
}

TEST_F(SessionTest, LeavingSaysSoToOthersAndClearsPresence) {
  auto stays = Connected("{\"sub\":\"stays\"}");
  stays->Say(R"({"id":2,"subscribe":{"channel":"room:a"}})");
  auto goes = Connected("{\"sub\":\"goes\"}");
  goes->Say(R"({"id":2,"subscribe":{"channel":"room:a"}})");
  const std::string gone = goes->id();
  stays->Hear();

  goes->HangUp();

  EXPECT_TRUE(goes->retired());
  EXPECT_EQ(stays->Hear(), (Lines{R"({"push":{"channel":"room:a","leave":{"info":{"user":"goes","client":")" +
                                  gone + "\"}}}}"}));
  EXPECT_EQ(stays->Say(R"({"id":3,"presence_stats":{"channel":"room:a"}})"),
            (Lines{R"({"id":3,"presence_stats":{"num_clients":1,"num_users":1}})"}));
}

TEST_F(SessionTest, FollowsNoMoreChannelsThanTheLimit) {
  auto client = Connected();
  for (int i = 0; i < 128; ++i) {
    client->Say(R"({"id":2,"subscribe":{"channel":"plain:)" + std::to_string(i) + "\"}}");
  }
  EXPECT_EQ(client->session().subscriptions(), 128u);
  EXPECT_EQ(client->Say(R"({"id":3,"subscribe":{"channel":"plain:more"}})"),
            (Lines{R"({"id":3,"error":{"code":106,"message":"limit exceeded"}})"}));
}

// ---- a command in flight

constexpr std::string_view kPublish = R"({"id":3,"publish":{"channel":"room:a","data":1}})";

TEST_F(SessionTest, CommandsWaitForTheOneInFlight) {
  auto client = Connected();
  client->Say(R"({"id":2,"subscribe":{"channel":"room:a"}})");
  bench_.broker().Pause();
  EXPECT_EQ(client->Say(kPublish), Lines{});
  EXPECT_EQ(client->Say(R"({"id":4,"unsubscribe":{"channel":"room:a"}})"), Lines{});
  bench_.broker().Resume();
  bench_.Turn();
  const Lines heard = client->Hear();
  ASSERT_GE(heard.size(), 2u);
  EXPECT_EQ(heard[0], R"({"id":3,"publish":{}})");
  EXPECT_EQ(heard[1], R"({"id":4,"unsubscribe":{}})");
}

TEST_F(SessionTest, WhoSendsTooMuchMeanwhileIsClosed) {
  auto client = Connected();
  client->Say(R"({"id":2,"subscribe":{"channel":"room:a"}})");
  bench_.broker().Pause();
  client->Say(kPublish);
  const std::string frame(100'000, ' ');
  for (int i = 0; i < 10; ++i) client->Say(frame);
  EXPECT_EQ(client->close_code(), 0u);
  client->Say(frame);
  EXPECT_EQ(client->close_code(), protocol::kDisconnectTooManyRequests.code);
}

TEST_F(SessionTest, TinyFramesCountAsWellWhileTheyWait) {
  auto client = Connected();
  client->Say(R"({"id":2,"subscribe":{"channel":"room:a"}})");
  bench_.broker().Pause();
  client->Say(kPublish);
  for (int i = 0; i < 17'000 && client->close_code() == 0; ++i) client->session().OnFrame("{}");
  EXPECT_EQ(client->close_code(), protocol::kDisconnectTooManyRequests.code);
}

TEST_F(SessionTest, ASessionOutlivesItsTransportWhileACommandIsInFlight) {
  auto client = Connected();
  client->Say(R"({"id":2,"subscribe":{"channel":"room:a"}})");
  bench_.broker().Pause();
  client->Say(kPublish);
  client->Say(R"({"id":4,"subscribe":{"channel":"plain:b"}})");
  client->HangUp();
  EXPECT_FALSE(client->retired());
  EXPECT_EQ(client->session().subscriptions(), 0u) << "it has left all channels at once";
  EXPECT_EQ(bench_.context().registry.sessions(), 0u);

  bench_.broker().Resume();
  bench_.Turn();
  EXPECT_TRUE(client->retired());
  EXPECT_EQ(bench_.context().hub.subscriptions(), 0u) << "what waited behind it was not begun";
  EXPECT_EQ(bench_.context().metrics.connections.value(), 0);
}

TEST_F(SessionTest, ASubscribeInFlightLeavesNothingBehindWhenTheClientGoes) {
  auto stays = Connected(R"({"sub":"stays"})");
  stays->Say(R"({"id":2,"subscribe":{"channel":"room:a"}})");
  auto goes = Connected(R"({"sub":"goes"})");
  bench_.broker().Pause();
  goes->Say(R"({"id":2,"subscribe":{"channel":"room:a"}})");
  goes->HangUp();
  bench_.broker().Resume();
  bench_.Turn();
  EXPECT_TRUE(goes->retired());
  stays->Hear();
  EXPECT_EQ(stays->Say(R"({"id":3,"presence_stats":{"channel":"room:a"}})"),
            Lines{R"({"id":3,"presence_stats":{"num_clients":1,"num_users":1}})"});
}

TEST_F(SessionTest, ASubscribeThatWasEndedInFlightIsAnsweredBeforeTheNextOne) {
  auto client = Connected();
  const auto subscribe = [](Session& session) -> Task<void> {
    (void)co_await session.Apply(control::Subscribe{.channel = "plain:a"});
  };
  TaskScope scope;
  bench_.broker().Pause();
  client->Say(R"({"id":2,"subscribe":{"channel":"plain:a"}})");
  // Each may come to lie in memory where one before it lay.
  for (int i = 0; i < 20; ++i) {
    scope.Spawn(client->session().Apply(control::Unsubscribe{"plain:a"}));
    scope.Spawn(subscribe(client->session()));
  }
  bench_.Turn();
  client->Hear();
  bench_.broker().Resume();
  for (int turn = 0; turn < 5; ++turn) bench_.Turn();
  EXPECT_EQ(
      client->Hear(),
      (Lines{R"({"id":2,"subscribe":{}})",
             R"({"push":{"channel":"plain:a","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}})",
             R"({"push":{"channel":"plain:a","subscribe":{}}})"}));
  EXPECT_EQ(bench_.context().hub.subscriptions(), 1u);
}

BenchSettings ManyChannels() {
  BenchSettings settings = TestSettings();
  settings.client.channel_limit = 10'000;
  return settings;
}

class ManySubscriptionsTest : public SessionTest {
 protected:
  static constexpr std::size_t kChannels = 3000;

  ManySubscriptionsTest() : SessionTest(ManyChannels()) {
    client_ = Connected();
    for (std::size_t i = 0; i < kChannels; ++i) {
      EXPECT_TRUE(bench_.Apply({.user = "u"}, control::Subscribe{.channel = "plain:" + std::to_string(i)}));
    }
    EXPECT_EQ(Left(), kChannels);
    client_->HearAll();
  }
  std::size_t Left() { return bench_.context().hub.subscriptions(); }
  // Turns until nobody follows anything.
  int TurnsToTheEnd() {
    int turns = 0;
    for (; Left() > 0 && turns < 5000; ++turns) bench_.Turn();
    EXPECT_EQ(Left(), 0u);
    return turns;
  }

  std::unique_ptr<TestClient> client_;
};

TEST_F(ManySubscriptionsTest, EndInSeveralTurnsWithTheConnection) {
  client_->session().Disconnect(protocol::kDisconnectSlow);
  EXPECT_EQ(client_->close_code(), 3008u);
  EXPECT_GT(Left(), 0u);
  bench_.Publish("plain:0", "1");
  EXPECT_GT(TurnsToTheEnd(), 1);
  EXPECT_EQ(client_->HearAll(), Lines{}) << "nothing arrives after the end";
  client_->HangUp();
  EXPECT_TRUE(client_->retired());
}

TEST_F(ManySubscriptionsTest, KeepTheirSessionUntilTheyHaveEnded) {
  client_->HangUp();
  EXPECT_FALSE(client_->retired());
  EXPECT_GT(TurnsToTheEnd(), 1);
  bench_.Turn();
  EXPECT_TRUE(client_->retired());
}

TEST_F(ManySubscriptionsTest, AreEndedByTheServerInSeveralTurns) {
  EXPECT_FALSE(bench_.Apply({.user = "u"}, control::Unsubscribe{})) << "not in one turn";
  EXPECT_GT(Left(), 0u);
  EXPECT_TRUE(bench_.Apply({.user = "u"}, control::Subscribe{.channel = "plain:new"}));
  for (int turns = 0; Left() > 1 && turns < 5000; ++turns) bench_.Turn();
  EXPECT_EQ(Left(), 1u) << "what came later is not ended";
  EXPECT_EQ(client_->HearAll().size(), kChannels + 1);
}

TEST_F(SessionTest, AnIdleConnectionIsSmall) {
  EXPECT_LE(sizeof(Session), 256u);
  EXPECT_LE(sizeof(ChannelSubscription), 88u);
}

std::string Delimited(std::string_view bytes) {
  std::string out;
  protocol::AppendVarint(bytes.size(), out);
  return out.append(bytes);
}

TEST_F(SessionTest, APublicationOfAJsonClientIsKnownToBeJson) {
  auto json = Connected();
  json->Say(R"({"id":2,"subscribe":{"channel":"room:r"}})");
  json->Say(R"({"id":3,"publish":{"channel":"room:r","data":{"n":1}}})");
  auto protobuf = bench_.Connect({.encoding = protocol::Encoding::kProtobuf});
  const std::string token = "\x0a" + Delimited(SessionBench::Token("{\"sub\":\"u\"}"));
  protobuf->Say(Delimited("\x08\x01\x22" + Delimited(token)));
  const std::string channel = "\x0a" + Delimited("room:r");
  protobuf->Say(Delimited("\x08\x02\x2a" + Delimited(channel)));
  protobuf->Say(Delimited("\x08\x03\x3a" + Delimited(channel + "\x12" + Delimited("{ }"))));

  const auto kept = bench_.History("room:r");
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0]->data, R"({"n":1})");
  EXPECT_TRUE(kept[0]->data_is_json);
  EXPECT_EQ(kept[1]->data, "{ }");
  EXPECT_FALSE(kept[1]->data_is_json);
}

}  // namespace
}  // namespace tidemill::session
