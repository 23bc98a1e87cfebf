// Who is blocked, and whose token is revoked: kept out, and ended.
#include <gtest/gtest.h>

#include "net/testing/slowdown.h"
#include "net/turn_meter.h"
#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

using access::Entry;
using access::Kind;

class AccessTest : public SessionTest {
 protected:
  void Decide(Entry entry) {
    entry.decided_at = ++decisions_;
    const auto applied = bench_.Apply({}, control::ChangeAccess{std::move(entry)});
    ASSERT_TRUE(applied);
    ASSERT_TRUE(*applied);
  }
  // Of a connection that was refused: how it ended.
  std::uint32_t CodeOf(std::string_view claims) {
    const auto client = Connected(claims);
    return client->close_code();
  }
  std::string Subscribe(TestClient& client, std::string_view channel, std::string_view token_claims) {
    const Lines lines = client.Say(R"({"id":2,"subscribe":{"channel":")" + std::string(channel) +
                                   R"(","token":")" + SessionBench::Token(token_claims) + "\"}}");
    return lines.empty() ? "" : lines.front();
  }

  std::int64_t decisions_ = 0;
};

TEST_F(AccessTest, ABlockedUserIsEndedAndKeptOutUntilUnblocked) {
  const auto one = Connected(R"({"sub":"u"})");
  const auto two = Connected(R"({"sub":"u"})");
  const auto other = Connected(R"({"sub":"v"})");
  Decide({.subject = "u"});
  EXPECT_EQ(one->close_code(), 3507u);
  EXPECT_EQ(two->close_code(), 3507u);
  EXPECT_EQ(other->close_code(), 0u);
  EXPECT_EQ(CodeOf(R"({"sub":"u"})"), 3507u);
  Decide({.subject = "u", .lifted = true});
  EXPECT_EQ(CodeOf(R"({"sub":"u"})"), 0u);
}

TEST_F(AccessTest, ABlockEndsByItself) {
  Decide({.subject = "u", .expire_at = bench_.WallSeconds() + 2});
  EXPECT_EQ(CodeOf(R"({"sub":"u"})"), 3507u);
  bench_.Advance(Seconds(2));
  EXPECT_EQ(CodeOf(R"({"sub":"u"})"), 0u);
}

TEST_F(AccessTest, ARevokedTokenIsEndedAndKeptOut) {
  const auto with_it = Connected(R"({"sub":"u","jti":"t1"})");
  const auto with_another = Connected(R"({"sub":"u","jti":"t2"})");
  const auto without = Connected(R"({"sub":"u"})");
  Decide({.kind = Kind::kToken, .subject = "t1"});
  EXPECT_EQ(with_it->close_code(), 3500u);
  EXPECT_EQ(with_another->close_code(), 0u);
  EXPECT_EQ(without->close_code(), 0u);
  EXPECT_EQ(CodeOf(R"({"sub":"u","jti":"t1"})"), 3500u);
}

TEST_F(AccessTest, ATokenIsFoundByItsNewIdAfterARefresh) {
  const auto client = Connected(R"({"sub":"u","jti":"t1"})");
  client->Say(R"({"id":2,"refresh":{"token":")" + SessionBench::Token(R"({"sub":"u","jti":"t2"})") + "\"}}");
  Decide({.kind = Kind::kToken, .subject = "t1"});
  EXPECT_EQ(client->close_code(), 0u) << "it is not used any more";
  Decide({.kind = Kind::kToken, .subject = "t2"});
  EXPECT_EQ(client->close_code(), 3500u);
}

TEST_F(AccessTest, ARefreshWithARevokedTokenEndsTheConnection) {
  const auto client = Connected(R"({"sub":"u","jti":"t1"})");
  Decide({.kind = Kind::kToken, .subject = "t2"});
  client->Say(R"({"id":2,"refresh":{"token":")" + SessionBench::Token(R"({"sub":"u","jti":"t2"})") + "\"}}");
  EXPECT_EQ(client->close_code(), 3500u);
}

TEST_F(AccessTest, TokensIssuedBeforeATimeAreGoodNoMore) {
  const auto old = Connected(R"({"sub":"u","iat":99})");
  const auto silent = Connected(R"({"sub":"u"})");
  const auto newer = Connected(R"({"sub":"u","iat":100})");
  const auto other = Connected(R"({"sub":"v","iat":99})");
  Decide({.kind = Kind::kUserTokens, .subject = "u", .issued_before = 100});
  EXPECT_EQ(old->close_code(), 3500u);
  EXPECT_EQ(silent->close_code(), 3500u) << "it does not say when it was issued";
  EXPECT_EQ(newer->close_code(), 0u);
  EXPECT_EQ(other->close_code(), 0u);
  EXPECT_EQ(CodeOf(R"({"sub":"u","iat":99})"), 3500u);
  EXPECT_EQ(CodeOf(R"({"sub":"u","iat":100})"), 0u);
}

TEST_F(AccessTest, SubscriptionTokensAreRevokedByChannelAndById) {
  const auto client = Connected(R"({"sub":"u","iat":99})");
  EXPECT_EQ(Subscribe(*client, "closed:a", R"({"sub":"u","channel":"closed:a","iat":99})"),
            R"({"id":2,"subscribe":{}})");
  EXPECT_EQ(Subscribe(*client, "closed:b", R"({"sub":"u","channel":"closed:b","iat":99,"jti":"s1"})"),
            R"({"id":2,"subscribe":{}})");
  Decide({.kind = Kind::kUserTokens, .subject = "u", .channel = "closed:a", .issued_before = 100});
  EXPECT_EQ(
      client->HearAll(),
      Lines{R"({"push":{"channel":"closed:a","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}})"});
  Decide({.kind = Kind::kToken, .subject = "s1"});
  EXPECT_EQ(
      client->HearAll(),
      Lines{R"({"push":{"channel":"closed:b","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}})"});
  EXPECT_EQ(client->close_code(), 0u) << "the connection's token is as good as before";
  constexpr char kDenied[] = R"({"id":2,"error":{"code":103,"message":"permission denied"}})";
  EXPECT_EQ(Subscribe(*client, "closed:a", R"({"sub":"u","channel":"closed:a","iat":99})"), kDenied);
  EXPECT_EQ(Subscribe(*client, "closed:b", R"({"sub":"u","channel":"closed:b","jti":"s1"})"), kDenied);
  EXPECT_EQ(Subscribe(*client, "closed:a", R"({"sub":"u","channel":"closed:a","iat":100})"),
            R"({"id":2,"subscribe":{}})");
}

TEST_F(AccessTest, ASubscriptionTokenThatSaysNothingOfItselfCountsAsOlderThanAnyTime) {
  const auto client = Connected(R"({"sub":"u"})");
  constexpr char kSilent[] = R"({"sub":"u","channel":"closed:a"})";
  EXPECT_EQ(Subscribe(*client, "closed:a", kSilent), R"({"id":2,"subscribe":{}})");
  EXPECT_EQ(client->Say(R"({"id":3,"subscribe":{"channel":"plain:a"}})").at(0), R"({"id":3,"subscribe":{}})");
  Decide({.kind = Kind::kUserTokens, .subject = "u", .channel = "plain:a", .issued_before = 100});
  EXPECT_TRUE(client->HearAll().empty()) << "no token granted that one";
  Decide({.kind = Kind::kUserTokens, .subject = "u", .channel = "closed:a", .issued_before = 100});
  EXPECT_EQ(
      client->HearAll(),
      Lines{R"({"push":{"channel":"closed:a","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}})"});
  EXPECT_EQ(Subscribe(*client, "closed:a", kSilent),
            R"({"id":2,"error":{"code":103,"message":"permission denied"}})");
}

TEST_F(AccessTest, ASubscriptionThatIsBeingJoinedIsEndedToo) {
  const auto client = Connected(R"({"sub":"u"})");
  client->Hear();
  bench_.broker().Pause();
  EXPECT_EQ(Subscribe(*client, "closed:a", R"({"sub":"u","channel":"closed:a","jti":"s1"})"), "");
  Decide({.kind = Kind::kToken, .subject = "s1"});
  bench_.broker().Resume();
  bench_.Turn();
  EXPECT_EQ(client->session().subscriptions(), 0u);
  EXPECT_EQ(client->HearAll().back(),
            R"({"push":{"channel":"closed:a","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}})");
}

TEST_F(AccessTest, NobodyComesInBeforeTheListHasBeenRead) {
  const std::string connect =
      R"({"id":1,"connect":{"token":")" + SessionBench::Token(R"({"sub":"u"})") + "\"}}";
  bench_.context().access->SetReady(false);
  auto client = bench_.Connect();
  EXPECT_TRUE(client->Say(connect).empty()) << "it waits";
  bench_.Advance(Seconds(6));
  const Lines lines = client->HearAll();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines.front().find(R"("code":100)"), std::string::npos) << lines.front();
  EXPECT_NE(lines.front().find(R"("temporary":true)"), std::string::npos) << lines.front();

  const auto patient = bench_.Connect();
  EXPECT_TRUE(patient->Say(connect).empty());
  const auto blocked = bench_.Connect();
  EXPECT_TRUE(blocked->Say(R"({"id":1,"connect":{"token":")" + SessionBench::Token(R"({"sub":"v"})") + "\"}}")
                  .empty());
  const auto impatient = bench_.Connect();
  EXPECT_TRUE(impatient->Say(connect).empty());
  impatient->HangUp();
  Decide({.subject = "v"});
  EXPECT_EQ(blocked->close_code(), 3507u) << "while it waits";
  bench_.context().access->SetReady(true);
  bench_.Advance(Seconds(2));
  ASSERT_FALSE(patient->HearAll().empty());
  EXPECT_EQ(patient->close_code(), 0u);
}

TEST_F(AccessTest, WhoHasLeftIsNotInTheIndexOfTokens) {
  {
    const auto client = Connected(R"({"sub":"u","jti":"t1"})");
    Subscribe(*client, "closed:a", R"({"sub":"u","channel":"closed:a","jti":"s1"})");
    EXPECT_EQ(bench_.context().token_index.size(), 2u);
    client->Say(R"({"id":3,"unsubscribe":{"channel":"closed:a"}})");
    EXPECT_EQ(bench_.context().token_index.size(), 1u);
  }
  bench_.Turn();
  EXPECT_EQ(bench_.context().token_index.size(), 0u);
}

// One token that thousands use, many of them with a subscription of it as well.
TEST_F(AccessTest, WitnessAndAllWhoUseOneTokenAreEndedInShortTurns) {
  constexpr std::size_t kClients = net::testing::kSanitized ? 100 : 400;
  std::vector<std::unique_ptr<TestClient>> clients;
  for (std::size_t i = 0; i < kClients; ++i) clients.push_back(Connected(R"({"sub":"u","jti":"t1"})"));
  const auto witness = Connected(R"({"sub":"w","jti":"t2"})");
  witness->Hear();
  TaskScope scope;
  bool done = false;
  const auto apply = [](control::Directory& directory, bool& finished) -> Task<void> {
    const Entry entry{.kind = Kind::kToken, .subject = "t1", .decided_at = 1};
    EXPECT_TRUE(co_await directory.Apply({}, control::ChangeAccess{entry}));
    finished = true;
  };
  const std::int64_t longest_us =
      LongestTurn([&] { scope.Spawn(apply(*bench_.context().directory, done)); }, done);
  for (const auto& client : clients) EXPECT_EQ(client->close_code(), 3500u);
  EXPECT_LT(longest_us, net::TurnMeter::kLong * net::testing::kSlowdown);
  EXPECT_EQ(witness->Say(R"({"id":2,"rpc":{}})").size(), 1u);
}

}  // namespace
}  // namespace tidemill::session
