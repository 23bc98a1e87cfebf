#include "realtime/session/backend.h"

#include <gtest/gtest.h>

#include "net/async.h"
#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

// Decides as a test says; while it `waits`, when the test says so.
class FakeBackend final : public Backend {
 public:
  explicit FakeBackend(net::Loop& loop) : loop_(loop) {}

  bool Keeps(HeaderFrom from, std::string_view name) const override {
    return name == (from == HeaderFrom::kHandshake ? "cookie" : "x-app");
  }
  bool decides_connects() const override { return decides; }
  bool refreshes_connections() const override { return refreshes; }

  Task<Verdict<std::optional<ConnectTerms>>> Connect(const Client& client,
                                                     const protocol::ConnectRequest& request) override {
    std::string question = "connect " + request.data;
    for (const auto& [name, sub] : request.subs) question += " " + name;
    if (client.identity && !client.identity->connect_headers.empty()) {
      question += " x-app=" + client.identity->connect_headers[0].second;
    }
    co_await Note(std::move(question));
    co_return connect;
  }
  Task<Verdict<SubscribeTerms>> Subscribe(SubscribeCall call) override {
    co_await Note("subscribe " + call.client.user + " " + call.request.channel);
    co_return subscribe;
  }
  Task<Verdict<PublishTerms>> Publish(PublishQuestion question) override {
    co_await Note("publish " + question.request.channel + " " + question.request.data);
    co_return publish;
  }
  Task<Verdict<KeyTerms>> ChangeKey(PublishQuestion question) override {
    co_await Note((question.request.removed ? "remove " : "key ") + question.request.key);
    co_return key;
  }
  Task<Verdict<std::string>> Call(const Client& caller, std::string method, std::string data) override {
    co_await Note("rpc " + caller.user + " " + method + " " + data);
    co_return rpc;
  }
  Task<std::optional<RefreshTerms>> Refresh(const Client& client) override {
    co_await Note("refresh " + client.user + " " + (client.identity ? client.identity->meta : ""));
    co_return refresh;
  }
  Task<std::optional<RefreshTerms>> RefreshSubscription(const Client&, std::string channel) override {
    co_await Note("sub_refresh " + channel);
    co_return refresh;
  }

  void OnClientGone(const Client&) override {}

  std::vector<std::string> asked;
  bool decides = true;
  bool refreshes = false;
  bool waits = false;
  Verdict<std::optional<ConnectTerms>> connect{std::nullopt};
  Verdict<SubscribeTerms> subscribe;
  Verdict<PublishTerms> publish;
  Verdict<KeyTerms> key;
  Verdict<std::string> rpc{"{}"};
  std::optional<RefreshTerms> refresh;
  std::optional<net::Reply<bool>::Sender> answer;

 private:
  Task<void> Note(std::string question) {
    asked.push_back(std::move(question));
    if (!waits) co_return;
    net::Reply<bool> told(loop_);
    answer = told.sender();
    co_await told;
  }

  net::Loop& loop_;
};

BenchSettings SettingsWithProxies() {
  BenchSettings settings = TestSettings();
  settings.client.allow_anonymous_connect_without_token = false;
  channels::ChannelOptions asks;
  asks.subscribe_proxy_enabled = asks.publish_proxy_enabled = asks.sub_refresh_proxy_enabled = true;
  asks.allow_subscribe_for_client = asks.allow_user_limited_channels = true;
  settings.channel.namespaces["asks"] = asks;
  channels::ChannelOptions map;
  map.subscription_type = "map";
  map.map.mode = "persistent";
  map.allow_subscribe_for_client = true;
  map.map.publish_proxy_enabled = map.map.remove_proxy_enabled = true;
  settings.channel.namespaces["map"] = map;
  channels::ChannelOptions objects = map;
  objects.publication_data_format = "json_object";
  settings.channel.namespaces["objects"] = objects;
  map.map.mode = "ephemeral";
  map.map.key_ttl = Seconds(60);
  map.map.client_key = "client_id";
  map.map.remove_client_on_unsubscribe = true;
  settings.channel.namespaces["cursors"] = map;
  return settings;
}

class BackendTest : public SessionTest {
 protected:
  BackendTest() : SessionTest(SettingsWithProxies()) { bench_.context().backend = &backend_; }

  void Answer() {
    std::exchange(backend_.answer, std::nullopt)->Send(true);
    bench_.Turn();
    bench_.Turn();
  }
  // Time goes by for a client that answers pings. Gives what else it hears.
  Lines Pass(TestClient& client, std::int64_t seconds) {
    Lines heard;
    for (std::int64_t passed = 0; passed < seconds; ++passed) {
      bench_.Advance(Seconds(1));
      for (std::string& line : client.Hear()) {
        if (line == "{}") {
          client.Say("{}");
        } else {
          heard.push_back(std::move(line));
        }
      }
    }
    return heard;
  }
  std::vector<std::string> Asked() { return std::exchange(backend_.asked, {}); }

  FakeBackend backend_{bench_.loop()};
};

TEST_F(BackendTest, AUserWhomItNamesHasNoTokenToRevokeAndCanBeBlocked) {
  backend_.connect = ConnectTerms{.from = ConnectTerms::From::kBackend, .user = "ann"};
  const auto decide = [&](access::Entry entry) {
    ASSERT_TRUE(bench_.Apply({}, control::ChangeAccess{std::move(entry)}).has_value());
  };
  const auto client = bench_.Connect();
  client->Say(R"({"id":1,"connect":{}})");
  decide({.kind = access::Kind::kUserTokens, .subject = "ann", .issued_before = 100, .decided_at = 1});
  EXPECT_EQ(client->close_code(), 0u);
  const auto next = bench_.Connect();
  next->Say(R"({"id":1,"connect":{}})");
  EXPECT_EQ(next->close_code(), 0u);
  decide({.kind = access::Kind::kUser, .subject = "ann", .decided_at = 1});
  EXPECT_EQ(client->close_code(), 3507u);
  EXPECT_EQ(next->close_code(), 3507u);
  const auto late = bench_.Connect();
  late->Say(R"({"id":1,"connect":{}})");
  EXPECT_EQ(late->close_code(), 3507u);
}

TEST_F(BackendTest, SaysWhoAClientWithoutATokenIs) {
  backend_.connect = ConnectTerms{.from = ConnectTerms::From::kBackend,
                                  .user = "ann",
                                  .expire_at = bench_.WallSeconds() + 60,
                                  .info = R"({"n":1})",
                                  .data = R"({"hello":true})",
                                  .subs = {{"plain:news", {}}}};
  auto client = bench_.Connect();
  const auto replies =
      client->Say(R"({"id":1,"connect":{"data":{"t":1},"headers":{"x-app":"7","cookie":"c"},)"
                  R"("subs":{"plain:other":{}}}})");
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(Asked(), Lines{R"(connect {"t":1} plain:other x-app=7)"});
  EXPECT_EQ(client->session().user(), "ann");
  EXPECT_NE(replies[0].find(R"("expires":true,"ttl":60,"data":{"hello":true},"subs":{"plain:news":{}})"),
            std::string::npos)
      << "what the client asks for, the backend has seen and not given: " << replies[0];
  EXPECT_EQ(client->Say(R"({"id":2,"connect":{}})"), Lines{});
  EXPECT_EQ(client->close_code(), 3501u);
}

TEST_F(BackendTest, IsNotAskedAboutAToken) {
  auto client = Connected();
  EXPECT_EQ(client->Hear(), Lines{});
  EXPECT_EQ(Asked(), Lines{});
}

TEST_F(BackendTest, RefusesConnectsInItsWords) {
  struct Case {
    Verdict<std::optional<ConnectTerms>> verdict;
    const char* reply;  // "": none
    std::uint32_t close_code;
    const char* reason;
  };
  const Case cases[] = {
      {std::nullopt, "", 3501, "bad request"},
      {Refused(Refusal::Error(1042, "a name of its own", true)),
       R"({"id":1,"error":{"code":1042,"message":"a name of its own","temporary":true}})", 0, ""},
      {Refused(Refusal::Disconnect(4555, "go away")), "", 4555, "go away"},
      {ConnectTerms{.from = ConnectTerms::From::kBackend, .expire_at = 1},
       R"({"id":1,"error":{"code":110,"message":"expired"}})", 0, ""},
      {ConnectTerms{.from = ConnectTerms::From::kBackend, .subs = {{"nowhere:a", {}}}},
       R"({"id":1,"error":{"code":102,"message":"unknown channel"}})", 0, ""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.close_code);
    backend_.connect = c.verdict;
    auto client = bench_.Connect();
    EXPECT_EQ(client->Say(R"({"id":1,"connect":{}})"),
              std::string(c.reply).empty() ? Lines{} : Lines{c.reply});
    EXPECT_EQ(client->close_code(), c.close_code);
    EXPECT_EQ(client->close_reason(), c.reason);
  }
  auto client = bench_.Connect();
  EXPECT_EQ(client->Say("{\"id\":1,\"connect\":{\"headers\":{\"x-app\":\"a\\nb\"}}}"),
            Lines{R"({"id":1,"error":{"code":107,"message":"bad request"}})"});
}

TEST_F(BackendTest, AClientThatHangsUpMeanwhileIsGone) {
  backend_.waits = true;
  backend_.connect = ConnectTerms{.from = ConnectTerms::From::kBackend, .user = "ann"};
  auto client = bench_.Connect();
  client->Say(R"({"id":1,"connect":{}})");
  client->HangUp();
  EXPECT_FALSE(client->retired()) << "its question is under way";
  Answer();
  EXPECT_TRUE(client->retired());
  EXPECT_EQ(bench_.context().registry.sessions(), 0u);
}

TEST_F(BackendTest, GrantsSubscriptionsButOfChannelsThatNeedATokenOrListTheirUsers) {
  auto client = Connected();
  client->Hear();
  backend_.subscribe = SubscribeTerms{.data = "1", .expire_at = bench_.WallSeconds() + 9};
  EXPECT_EQ(client->Say(R"({"id":2,"subscribe":{"channel":"asks:x"}})"),
            Lines{R"({"id":2,"subscribe":{"data":1}})"})
      << "the backend refreshes it: the client is told of no time";
  EXPECT_EQ(Asked(), Lines{"subscribe u asks:x"});
  EXPECT_EQ(client->Say(R"({"id":3,"subscribe":{"channel":"$asks:x"}})"),
            Lines{R"({"id":3,"error":{"code":103,"message":"permission denied"}})"});
  EXPECT_EQ(client->Say(R"({"id":4,"subscribe":{"channel":"asks:d#u,v"}})"),
            Lines{R"({"id":4,"subscribe":{}})"});
  EXPECT_EQ(client->Say(R"({"id":5,"subscribe":{"channel":"asks:d#v"}})"),
            Lines{R"({"id":5,"error":{"code":103,"message":"permission denied"}})"});
  const std::string token = SubToken("asks:t", 60);
  client->Say(R"({"id":6,"subscribe":{"channel":"asks:t","token":")" + token + "\"}}");
  EXPECT_EQ(Asked(), Lines{}) << "nobody was asked about any of them";
  backend_.subscribe = Refused(Refusal::Error(403, "not you", false));
  EXPECT_EQ(client->Say(R"({"id":7,"subscribe":{"channel":"asks:y"}})"),
            Lines{R"({"id":7,"error":{"code":403,"message":"not you"}})"});
}

TEST_F(BackendTest, WhatAClientAsksForWhenItConnectsItGetsWhereTheBackendHasNoWord) {
  auto client = bench_.Connect();
  const Lines replies =
      client->Say(R"({"id":1,"connect":{"token":")" + SessionBench::Token("{\"sub\":\"u\"}") +
                  R"(","subs":{"asks:d#u,v":{},"asks:d#v":{},"asks:x":{}}}})");
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_NE(replies[0].find(R"("subs":{"asks:d#u,v":{}})"), std::string::npos) << replies[0];
  EXPECT_EQ(Asked(), Lines{});
}

TEST_F(BackendTest, AWaitingCommandHoldsUpNeitherPingsNorOthers) {
  auto client = Connected();
  auto other = Connected(R"({"sub":"v"})");
  client->Hear();
  other->Hear();
  backend_.waits = true;
  backend_.rpc = R"({"answer":42})";
  EXPECT_EQ(client->Say(R"({"id":2,"rpc":{"method":"m","data":{"q":1}}})"), Lines{});
  EXPECT_EQ(client->Say(R"({"id":3,"subscribe":{"channel":"plain:a"}})"), Lines{}) << "in order";
  EXPECT_EQ(other->Say(R"({"id":2,"subscribe":{"channel":"plain:a"}})"), Lines{R"({"id":2,"subscribe":{}})"});
  Pass(*other, 60);
  const Lines pings = client->Hear();
  EXPECT_GE(pings.size(), 2u);
  EXPECT_EQ(pings.front(), "{}");
  EXPECT_EQ(client->close_code(), 0u) << "its pong would wait behind its command";
  Answer();
  EXPECT_EQ(client->HearAll(),
            (Lines{R"({"id":2,"rpc":{"data":{"answer":42}}})", R"({"id":3,"subscribe":{}})"}));
  for (const std::string& ping : pings) EXPECT_EQ(client->Say(ping), Lines{}) << "each is answered";
  EXPECT_EQ(client->close_code(), 0u);
  EXPECT_EQ(Asked(), Lines{R"(rpc u m {"q":1})"});
}

TEST_F(BackendTest, ChangesAndRefusesPublications) {
  auto client = Connected();
  client->Hear();
  client->Say(R"({"id":2,"subscribe":{"channel":"asks:x"}})");
  Asked();
  backend_.publish =
      PublishTerms{.data = R"({"b":2})", .form = broker::DataForm::kJson, .tags = {{"t", "1"}}};
  EXPECT_EQ(client->Say(R"({"id":3,"publish":{"channel":"asks:x","data":{"a":1}}})"),
            (Lines{R"({"id":3,"publish":{}})",
                   R"({"push":{"channel":"asks:x","pub":{"data":{"b":2},"info":{"user":"u","client":")" +
                       client->id() + R"("},"tags":{"t":"1"}}}})"}));
  EXPECT_EQ(Asked(), Lines{R"(publish asks:x {"a":1})"});
  backend_.publish = Refused(Refusal::Error(400, "rude", false));
  EXPECT_EQ(client->Say(R"({"id":4,"publish":{"channel":"asks:x","data":{"a":1}}})"),
            Lines{R"({"id":4,"error":{"code":400,"message":"rude"}})"});
}

TEST_F(BackendTest, APublicationRunsToItsEndWhoeverHangsUp) {
  auto reader = Connected(R"({"sub":"v"})");
  auto client = Connected();
  reader->Say(R"({"id":2,"subscribe":{"channel":"asks:x"}})");
  backend_.waits = true;
  client->Say(R"({"id":3,"publish":{"channel":"asks:x","data":{"a":1}}})");
  client->HangUp();
  reader->Hear();
  Answer();
  const Lines heard = reader->HearAll();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_NE(heard[0].find(R"("data":{"a":1})"), std::string::npos);
  EXPECT_TRUE(client->retired());
}

TEST_F(BackendTest, ChoosesKeys) {
  auto client = Connected();
  client->Hear();
  backend_.key = KeyTerms{.publish = {.data = "2", .form = broker::DataForm::kJson}, .key = "other"};
  EXPECT_EQ(client->Say(R"({"id":2,"publish":{"channel":"map:a","key":"k","data":1,"type":1}})"),
            Lines{R"({"id":2,"publish":{}})"});
  const auto state = client->Say(R"({"id":3,"subscribe":{"channel":"map:a","type":1,"phase":2}})");
  ASSERT_EQ(state.size(), 1u);
  EXPECT_NE(state[0].find(R"("key":"other")"), std::string::npos) << state[0];
  backend_.key = KeyTerms{.publish = {}, .key = "other"};
  const Lines removed =
      client->Say(R"({"id":4,"publish":{"channel":"map:a","key":"k","removed":true,"type":1}})");
  EXPECT_EQ(removed.front(), R"({"id":4,"publish":{}})");
  EXPECT_NE(removed.back().find(R"("key":"other","removed":true)"), std::string::npos) << removed.back();
  EXPECT_EQ(Asked(), (Lines{"key k", "remove k"}));
}

TEST_F(BackendTest, IsNotAskedAboutAKeyWhoseDataTheChannelDoesNotTake) {
  auto client = Connected();
  client->Hear();
  const std::string refused = R"(,"error":{"code":107,"message":"bad request"}})";
  EXPECT_EQ(client->Say(R"({"id":2,"publish":{"channel":"objects:a","key":"k","data":[1],"type":1}})"),
            Lines{R"({"id":2)" + refused});
  EXPECT_EQ(Asked(), Lines{});
  EXPECT_EQ(client->Say(R"({"id":3,"publish":{"channel":"objects:a","key":"k","data":{},"type":1}})"),
            Lines{R"({"id":3,"publish":{}})"});
  EXPECT_EQ(client->Say(R"({"id":4,"publish":{"channel":"objects:a","key":"k","removed":true,"type":1}})"),
            Lines{R"({"id":4,"publish":{}})"});
  EXPECT_EQ(Asked(), (Lines{"key k", "remove k"}));
}

TEST_F(BackendTest, AKeyThatGoesWithItsClientDoesNotOutliveIt) {
  auto client = Connected();
  auto reader = Connected(R"({"sub":"v"})");
  client->Say(R"({"id":2,"subscribe":{"channel":"cursors:a","type":1,"phase":2}})");
  reader->Say(R"({"id":2,"subscribe":{"channel":"cursors:a","type":1,"phase":2}})");
  reader->Hear();
  backend_.waits = true;
  client->Say(R"({"id":3,"publish":{"channel":"cursors:a","data":1,"type":1}})");
  const std::string id = client->id();
  client->HangUp();
  Answer();
  EXPECT_TRUE(client->retired());
  EXPECT_EQ(reader->HearAll(), Lines{});
  reader->Say(R"({"id":3,"unsubscribe":{"channel":"cursors:a"}})");
  const Lines state = reader->Say(R"({"id":4,"subscribe":{"channel":"cursors:a","type":1,"phase":2}})");
  ASSERT_EQ(state.size(), 1u);
  EXPECT_EQ(state[0].find(id), std::string::npos) << state[0];
}

TEST_F(BackendTest, ProlongsConnections) {
  backend_.refreshes = true;
  const std::int64_t begun = bench_.WallSeconds();
  backend_.connect = ConnectTerms{
      .from = ConnectTerms::From::kBackend, .user = "ann", .expire_at = begun + 10, .meta = R"({"m":1})"};
  auto client = bench_.Connect();
  const Lines connected = client->Say(R"({"id":1,"connect":{}})");
  EXPECT_EQ(connected[0].find("expires"), std::string::npos) << connected[0];
  EXPECT_EQ(Asked(), Lines{"connect "});
  backend_.refresh = RefreshTerms{.expire_at = begun + 30, .info = R"({"n":2})"};
  Pass(*client, 11);
  EXPECT_EQ(Asked(), Lines{R"(refresh ann {"m":1})"});
  backend_.refresh = std::nullopt;
  Pass(*client, 20);
  EXPECT_EQ(Asked(), Lines{R"(refresh ann {"m":1})"});
  Pass(*client, 50);
  EXPECT_EQ(Asked(), Lines{}) << "there was no answer: another minute";
  EXPECT_EQ(client->close_code(), 0u);
  backend_.refresh = RefreshTerms{.not_asked = true};
  Pass(*client, 30);
  EXPECT_FALSE(Asked().empty());
  EXPECT_EQ(client->close_code(), 0u);
  backend_.refresh = RefreshTerms{.expired = true};
  Pass(*client, 21);
  EXPECT_EQ(Asked(), Lines{R"(refresh ann {"m":1})"});
  EXPECT_EQ(client->close_code(), 3005u);
}

TEST_F(BackendTest, AConnectionThatTheClientWantsToRefreshItselfEnds) {
  backend_.refreshes = true;
  auto client = Connected();
  client->Say(R"({"id":2,"refresh":{"token":")" + SessionBench::Token("{\"sub\":\"u\"}") + "\"}}");
  EXPECT_EQ(client->close_code(), 3501u);
}

TEST_F(BackendTest, AReloadLeavesTheRefreshOfThoseThatAreThereAsTheyWereTold) {
  const auto token = [&](std::int64_t seconds) {
    return SessionBench::Token(R"({"sub":"u","exp":)" + std::to_string(bench_.WallSeconds() + seconds) + "}");
  };
  auto client = bench_.Connect();
  const Lines connected = client->Say(R"({"id":1,"connect":{"token":")" + token(10) + "\"}}");
  EXPECT_NE(connected.at(0).find(R"("expires":true)"), std::string::npos) << connected.at(0);
  backend_.refreshes = true;
  backend_.refresh = RefreshTerms{.expire_at = bench_.WallSeconds() + 100};
  auto later = bench_.Connect();
  const Lines told = later->Say(R"({"id":1,"connect":{"token":")" + token(10) + "\"}}");
  EXPECT_EQ(told.at(0).find("expires"), std::string::npos) << told.at(0);
  Pass(*client, 8);
  EXPECT_EQ(client->Say(R"({"id":2,"refresh":{"token":")" + token(20) + "\"}}"),
            Lines{R"({"id":2,"refresh":{"expires":true,"ttl":20}})"});
  EXPECT_EQ(Asked(), Lines{});
  for (int second = 0; second < 15; ++second) {
    Pass(*client, 1);
    for (const std::string& line : later->Hear()) {
      if (line == "{}") later->Say("{}");
    }
  }
  EXPECT_EQ(Asked(), Lines{"refresh u "}) << "about the later one";
  EXPECT_EQ(client->close_code(), 0u);
  Pass(*client, 60);
  EXPECT_EQ(client->close_code(), 3005u) << "it did not refresh itself";
  EXPECT_EQ(Asked(), Lines{});
}

TEST_F(BackendTest, WhoseRefresherIsGoneMayRefreshItself) {
  backend_.refreshes = true;
  auto client = Connected();
  client->Hear();
  backend_.refreshes = false;
  client->Say(R"({"id":2,"refresh":{"token":")" + SessionBench::Token("{\"sub\":\"u\"}") + "\"}}");
  EXPECT_EQ(client->close_code(), 0u);
}

TEST_F(BackendTest, ProlongsSubscriptions) {
  auto client = Connected();
  client->Hear();
  backend_.subscribe = SubscribeTerms{.expire_at = bench_.WallSeconds() + 5};
  client->Say(R"({"id":2,"subscribe":{"channel":"asks:x"}})");
  Asked();
  backend_.refresh = RefreshTerms{.expire_at = bench_.WallSeconds() + 60};
  Pass(*client, 32);
  EXPECT_EQ(Asked(), Lines{"sub_refresh asks:x"}) << "when client.expired_sub_close_delay is over too";
  backend_.refresh = RefreshTerms{.expired = true};
  EXPECT_EQ(
      Pass(*client, 60),
      Lines{R"({"push":{"channel":"asks:x","unsubscribe":{"code":2501,"reason":"subscription expired"}}})"});
  EXPECT_EQ(Asked(), Lines{"sub_refresh asks:x"});
}

}  // namespace
}  // namespace tidemill::session
