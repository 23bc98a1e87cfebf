// Presence of a channel with thousands of clients: made over several short turns.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "net/testing/slowdown.h"
#include "net/turn_meter.h"
#include "realtime/session/client.h"
#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

constexpr int kClients = 9000;

class LongPresenceTest : public SessionTest {
 protected:
  explicit LongPresenceTest(BenchSettings settings = TestSettings())
      : SessionTest(std::move(settings)), client_(Member()) {
    for (int i = 0; i < kClients; ++i) scope_.Spawn(Add(bench_, i));
  }
  static Task<void> Add(SessionBench& bench, int i) {
    const std::string number = std::to_string(100'000 + i);
    (void)co_await bench.broker().Add(broker::ChannelName("room:a"),
                                      {.user = "user-" + number,
                                       .client = "d9534349-81cf-44a5-b36b-73a76d" + number,
                                       .conn_info = R"({"name":"A name of some length","n":)" + number + "}",
                                       .chan_info = R"({"role":"guest"})"});
  }
  static Task<void> Remove(SessionBench& bench, int i) {
    (void)co_await bench.broker().Remove(broker::ChannelName("room:a"),
                                         "d9534349-81cf-44a5-b36b-73a76d" + std::to_string(100'000 + i));
  }
  std::unique_ptr<TestClient> Member() {
    auto client = Connected();
    client->Say(R"({"id":2,"subscribe":{"channel":"room:a"}})");
    client->HearAll();
    return client;
  }
  // As if the frame came from the network.
  void Send(TestClient& client, std::string frame) {
    bench_.loop().Post([session = &client.session(), sent = std::move(frame)] { session->OnFrame(sent); });
  }
  // The most CPU time of one turn.
  void Turn() {
    const std::int64_t before = net::ThreadCpuMicros();
    bench_.loop().RunOnce(Milliseconds(0));
    longest_us_ = std::max(longest_us_, net::ThreadCpuMicros() - before);
    ++turns_;
  }
  // Turns until that many more replies were given.
  void TurnUntilReplies(std::uint64_t more) {
    const std::uint64_t wanted = replies() + more;
    while (replies() < wanted && turns_ < 100'000) Turn();
    EXPECT_EQ(replies(), wanted);
  }
  std::uint64_t replies() { return bench_.context().metrics.replies_sent.value(); }
  std::int64_t unread() { return bench_.context().metrics.unread_answer_bytes.value(); }
  static std::size_t Count(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++count;
    return count;
  }

  std::unique_ptr<TestClient> client_;
  std::int64_t longest_us_ = 0;
  int turns_ = 0;
  TaskScope scope_;
};

constexpr char kPresence[] = R"({"id":3,"presence":{"channel":"room:a"}})";

TEST_F(LongPresenceTest, IsMadeOverSeveralShortTurns) {
  // The first answer of a process takes its memory from the system: it is the second that is measured.
  Send(*client_, kPresence);
  TurnUntilReplies(1);
  client_->HearAll();
  RecordProperty("longest_turn_cpu_us_cold", static_cast<int>(longest_us_));
  longest_us_ = 0;
  turns_ = 0;
  Send(*client_, kPresence);
  Turn();
  for (int i = 0; i < kClients / 2; ++i) scope_.Spawn(Remove(bench_, i));  // the answer is of before
  TurnUntilReplies(1);
  RecordProperty("turns", turns_);
  RecordProperty("longest_turn_cpu_us", static_cast<int>(longest_us_));
  EXPECT_GE(turns_, 3);
  EXPECT_LT(longest_us_, net::TurnMeter::kLong * net::testing::kSlowdown);

  const Lines heard = client_->HearAll();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_TRUE(heard[0].starts_with(R"({"id":3,"presence":{"presence":{")")) << heard[0].substr(0, 200);
  EXPECT_EQ(Count(heard[0], R"("chan_info":{"role":"guest"}})"), kClients + 0u);
  EXPECT_EQ(Count(heard[0], R"("client":")" + client_->id() + "\"}"), 1u);
  EXPECT_EQ(unread(), 0);
}

TEST_F(LongPresenceTest, AnswersKeepTheOrderOfTheirCommands) {
  const std::string stats = R"(,"presence_stats":{"channel":"room:a"}})";
  Send(*client_, std::string(kPresence) + "\n{\"id\":4" + stats);
  Turn();
  Send(*client_, "{\"id\":5" + stats);
  TurnUntilReplies(1);
  const Lines heard = client_->HearAll();
  ASSERT_EQ(heard.size(), 3u);
  EXPECT_TRUE(heard[0].starts_with(R"({"id":3,"presence":)"));
  EXPECT_TRUE(heard[1].starts_with(R"({"id":4,"presence_stats":)")) << heard[1];
  EXPECT_TRUE(heard[2].starts_with(R"({"id":5,"presence_stats":)")) << heard[2];
}

TEST_F(LongPresenceTest, OfASessionThatEndsMeanwhileNothingIsLeft) {
  const std::uint64_t before = replies();
  Send(*client_, kPresence);
  Turn();
  Turn();
  EXPECT_GT(unread(), kClients * 100) << "it counts while it is made";
  client_->session().Disconnect(protocol::kDisconnectForceNoReconnect);
  client_->HangUp();
  for (int i = 0; i < 3; ++i) Turn();
  EXPECT_TRUE(client_->retired()) << "it is not made to its end";
  EXPECT_EQ(unread(), 0);
  EXPECT_EQ(replies(), before);
}

// The limit of one answer of that size.
class LimitedPresenceTest : public LongPresenceTest {
 protected:
  LimitedPresenceTest() : LongPresenceTest(Limited()) {}
  static BenchSettings Limited() {
    BenchSettings settings = TestSettings();
    settings.client.unread_answers_max_size = 3 << 20;
    return settings;
  }
};

TEST_F(LimitedPresenceTest, AnswersInTheMakingCountAgainstTheLimitOfUnreadOnes) {
  const auto other = Member();
  client_->HearAll();
  Send(*client_, kPresence);
  Send(*other, kPresence);
  TurnUntilReplies(1);
  EXPECT_EQ(other->HearAll(),
            Lines{R"({"id":3,"error":{"code":111,)"
                  R"("message":"too many requests: client.unread_answers_max_size is reached",)"
                  R"("temporary":true}})"});
  TurnUntilReplies(1);
  EXPECT_TRUE(client_->HearAll().at(0).starts_with(R"({"id":3,"presence":)"));
  EXPECT_EQ(bench_.context().metrics.answers_too_many.value(), 1u);
}

}  // namespace
}  // namespace tidemill::session
