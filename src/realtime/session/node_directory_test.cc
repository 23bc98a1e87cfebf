#include "realtime/session/node_directory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>

#include "net/testing/slowdown.h"
#include "net/turn_meter.h"
#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

using control::Target;

const Target kUser{.user = "u"};

class NodeDirectoryTest : public SessionTest {
 protected:
  // nullopt if it is not done yet; the text of its error, or "".
  std::optional<std::string> Apply(Target target, control::Action action) {
    const auto done = bench_.Apply(std::move(target), std::move(action));
    if (!done) return std::nullopt;
    return *done ? "" : done->error().detail;
  }
};

TEST_F(NodeDirectoryTest, ASubscribeTellsTheClientAndPublicationsFollow) {
  auto client = Connected();
  client->Hear();
  EXPECT_EQ(Apply(kUser, control::Subscribe{.channel = "closed:x", .data = R"({"a":1})"}), "");
  EXPECT_EQ(client->Hear(), Lines{R"({"push":{"channel":"closed:x","subscribe":{"data":{"a":1}}}})"});
  bench_.Publish("closed:x", "7");
  bench_.Turn();
  EXPECT_EQ(client->Hear().size(), 1u);
  EXPECT_EQ(Apply(kUser, control::Subscribe{.channel = "closed:x"}), "") << "it has the channel already";
  EXPECT_EQ(client->Hear(), Lines{});
}

class ManySessionsTest : public NodeDirectoryTest {
 protected:
  static constexpr std::size_t kSessions = net::testing::kSanitized ? 1000 : 8000;

  void SetUp() override {
    rlimit files{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
    ASSERT_GT(files.rlim_max, 2 * kSessions + 100) << "raise it: ulimit -Hn";
    files.rlim_cur = files.rlim_max;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
    for (std::size_t i = 0; i < kSessions; ++i) clients_.push_back(Connected());
  }

  // In pieces, of which each takes a turn no longer than it may.
  void Finish(const std::string& what, control::Action action) {
    SCOPED_TRACE(what);
    TaskScope scope;
    bool done = false;
    const auto apply = [](control::Directory& directory, control::Action wanted,
                          bool& finished) -> Task<void> {
      EXPECT_TRUE(co_await directory.Apply(kUser, std::move(wanted)));
      finished = true;
    };
    const auto begin = [&] {
      scope.Spawn(apply(*bench_.context().directory, std::move(action), done));
      EXPECT_FALSE(done) << "in one piece";
    };
    const std::int64_t longest_us = LongestTurn(begin, done);
    RecordProperty(what + "_longest_turn_cpu_us", static_cast<int>(longest_us));
    EXPECT_LT(longest_us, net::TurnMeter::kLong * net::testing::kSlowdown);
  }

  std::vector<std::unique_ptr<TestClient>> clients_;
};

// Each session is looked at once, however many the user has: twice as many cost twice as much.
TEST_F(ManySessionsTest, WhatIsDoneToAllOfAUserIsDoneInShortTurns) {
  Finish("subscribe", control::Subscribe{.channel = "plain:x"});
  EXPECT_EQ(bench_.context().hub.subscriptions(), kSessions);
  Finish("refresh", control::Refresh{.expire_at = bench_.WallSeconds() + 3600});
  Finish("unsubscribe", control::Unsubscribe{.channel = "plain:x"});
  EXPECT_EQ(bench_.context().hub.subscriptions(), 0u);
  Finish("subscribe_again", control::Subscribe{.channel = "plain:y"});
  EXPECT_EQ(bench_.context().hub.subscriptions(), kSessions);
  Finish("disconnect", control::Disconnect{.code = 3005, .reason = "bye"});
  EXPECT_EQ(bench_.context().registry.sessions(), 0u);
}

TEST_F(NodeDirectoryTest, ASubscribeBringsWhatWasMissed) {
  for (const char* data : {"1", "2"}) bench_.Publish("room:r", data);
  bench_.Turn();
  const std::string epoch = EpochOf("room:r");
  auto client = Connected();
  client->Hear();
  control::Subscribe subscribe{.channel = "room:r", .info = R"({"name":"x"})"};
  subscribe.recover_since = protocol::StreamPosition{.offset = 1, .epoch = epoch};
  EXPECT_EQ(Apply(kUser, subscribe), "");
  const std::string info = R"("user":"u","client":")" + client->id() + R"(","chan_info":{"name":"x"})";
  EXPECT_EQ(client->Hear(),
            (Lines{R"({"push":{"channel":"room:r","subscribe":{"recoverable":true,"epoch":")" + epoch +
                       R"(","offset":1,"positioned":true}}})",
                   R"({"push":{"channel":"room:r","pub":{"data":2,"offset":2}}})",
                   R"({"push":{"channel":"room:r","join":{"info":{)" + info + "}}}}"}));
}

TEST_F(NodeDirectoryTest, ASubscribeOverTheLimitFailsAndNamesIt) {
  auto client = Connected();
  for (int i = 0; i < 128; ++i) {
    EXPECT_EQ(Apply(kUser, control::Subscribe{.channel = "plain:" + std::to_string(i)}), "");
  }
  EXPECT_EQ(Apply(kUser, control::Subscribe{.channel = "plain:more"}), "client.channel_limit reached");
}

TEST_F(NodeDirectoryTest, AServersSubscriptionThatExpiresEndsTheConnection) {
  auto client = Connected();
  client->Hear();
  EXPECT_EQ(Apply(kUser, control::Subscribe{.channel = "plain:x", .expire_at = bench_.WallSeconds() + 2}),
            "");
  EXPECT_EQ(client->Hear(), Lines{R"({"push":{"channel":"plain:x","subscribe":{}}})"})
      << "the client has nothing to refresh";
  for (int second = 0; second < 26; ++second) {
    bench_.Advance(Seconds(1));
    for (const std::string& line : client->Hear()) {
      if (line == "{}") client->Say("{}");
    }
  }
  EXPECT_EQ(client->close_code(), 0u);
  bench_.Advance(Seconds(2));
  EXPECT_EQ(client->close_code(), protocol::kDisconnectSubExpired.code);
}

TEST_F(NodeDirectoryTest, ASubscribeWaitsForTheBrokerAndSurvivesTheClientsEnd) {
  auto client = Connected();
  bench_.broker().Pause();
  EXPECT_EQ(Apply(kUser, control::Subscribe{.channel = "room:a"}), std::nullopt);
  client->HangUp();
  EXPECT_FALSE(client->retired()) << "the task still refers to it";
  bench_.broker().Resume();
  bench_.Turn();
  EXPECT_TRUE(client->retired());
  EXPECT_EQ(bench_.context().hub.subscriptions(), 0u);
}

TEST_F(NodeDirectoryTest, AnUnsubscribeEndsOneOrAll) {
  auto client = Connected();
  for (const char* channel : {"plain:b", "plain:a", "plain:c"}) {
    client->Say(R"({"id":2,"subscribe":{"channel":")" + std::string(channel) + "\"}}");
  }
  const auto push = [](const std::string& channel) {
    return R"({"push":{"channel":")" + channel +
           R"(","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}})";
  };
  EXPECT_EQ(Apply(kUser, control::Unsubscribe{"plain:b"}), "");
  EXPECT_EQ(client->Hear(), Lines{push("plain:b")});
  EXPECT_EQ(Apply(kUser, control::Unsubscribe{"plain:b"}), "");
  EXPECT_EQ(client->Hear(), Lines{});
  EXPECT_EQ(Apply(kUser, control::Unsubscribe{""}), "");
  EXPECT_EQ(client->Hear(), (Lines{push("plain:c"), push("plain:a")}));
  EXPECT_EQ(client->session().subscriptions(), 0u);
}

TEST_F(NodeDirectoryTest, ARefreshChangesWhenTheConnectionExpires) {
  auto client = Connected();
  client->Hear();
  EXPECT_EQ(Apply(kUser, control::Refresh{.expire_at = bench_.WallSeconds() + 5}), "");
  EXPECT_EQ(client->Hear(), Lines{R"({"push":{"refresh":{"expires":true,"ttl":5}}})"});
  EXPECT_EQ(Apply(kUser, control::Refresh{}), "");
  EXPECT_EQ(client->Hear(), Lines{R"({"push":{"refresh":{}}})"}) << "it does not expire any more";
  EXPECT_EQ(Apply(kUser, control::Refresh{.expire_at = 1}), "");
  EXPECT_EQ(client->close_code(), protocol::kDisconnectExpired.code);
}

TEST_F(NodeDirectoryTest, ARefreshChangesWhatOthersSeeOfTheClient) {
  auto client = Connected();
  EXPECT_EQ(Apply(kUser, control::Refresh{.info = R"({"name":"y"})"}), "");
  client->Hear();
  const Lines heard = client->Say(R"({"id":2,"subscribe":{"channel":"room:a"}})");
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_TRUE(heard[1].contains(R"("conn_info":{"name":"y"})")) << heard[1];
}

TEST_F(NodeDirectoryTest, ADisconnectSparesOthersAndExceptions) {
  auto one = Connected();
  auto other = Connected();
  auto stranger = Connected(R"({"sub":"v"})");
  EXPECT_EQ(Apply({.user = "u", .except_clients = {other->id()}}, control::Disconnect{3503, "force"}), "");
  EXPECT_EQ(one->close_code(), 3503u);
  EXPECT_EQ(one->close_reason(), "force");
  EXPECT_EQ(Apply({.user = "u", .client = one->id()}, control::Disconnect{3503, "force"}), "");
  EXPECT_EQ(other->close_code(), 0u);
  EXPECT_EQ(stranger->close_code(), 0u);
}

}  // namespace
}  // namespace tidemill::session
