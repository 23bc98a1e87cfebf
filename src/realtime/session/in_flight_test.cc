#include "realtime/session/in_flight.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

constexpr std::size_t kPublicationBytes = 150'000;
constexpr std::size_t kAnswerBytes = 5 * kPublicationBytes;  // of a whole stream
constexpr std::size_t kQueueMax = 64 * 1024;

BenchSettings SmallQueue() {
  BenchSettings settings = TestSettings();
  settings.client.queue_max_size = kQueueMax;
  return settings;
}

// Clients with a small queue, and a channel whose stream is ten times as large as that.
class AnswersTest : public testing::Test {
 protected:
  AnswersTest() : bench_(SmallQueue()), client_(bench_.Connect()) {
    client_->Say(R"({"id":1,"connect":{"token":")" + SessionBench::Token(R"({"sub":"u"})") + "\"}}");
    for (int i = 0; i < 5; ++i) bench_.Publish("room:big", "\"" + std::string(kPublicationBytes, 'x') + "\"");
    bench_.Turn();
  }
  static std::string Recover(int id) {
    return R"({"id":)" + std::to_string(id) + R"(,"subscribe":{"channel":"room:big","recover":true}})";
  }
  static std::string Leave(int id) {
    return R"({"id":)" + std::to_string(id) + R"(,"unsubscribe":{"channel":"room:big"}})";
  }
  static std::string HistoryOf(int id) {
    return R"({"id":)" + std::to_string(id) + R"(,"history":{"channel":"room:big","limit":-1}})";
  }
  std::size_t Replies(const Lines& heard) {
    return static_cast<std::size_t>(
        std::ranges::count_if(heard, [](const std::string& line) { return line.starts_with(R"({"id":)"); }));
  }
  std::size_t queued() { return client_->stream().queued_bytes(); }

  SessionBench bench_;
  std::unique_ptr<TestClient> client_;
};

TEST_F(AnswersTest, TheCommandsOfOneFrameWaitForThePeerToTakeTheirAnswers) {
  std::string frame;
  for (int i = 0; i < 200; ++i) frame += Recover(2 * i + 2) + "\n" + Leave(2 * i + 3) + "\n";
  client_->session().OnFrame(frame);
  for (int i = 0; i < 20; ++i) bench_.Turn();
  EXPECT_LE(queued(), kAnswerBytes + InFlight::kAnswerBytesMax + 4096);
  EXPECT_EQ(client_->close_code(), 0u);

  EXPECT_EQ(Replies(client_->HearAll()), 400u);
  EXPECT_EQ(client_->close_code(), 0u);
}

TEST_F(AnswersTest, APeerThatTakesAllAtOnceGetsNoMoreThanOneLargeAnswerInATurn) {
  client_->Say(Recover(2));
  client_->HearAll();
  std::string frame;
  for (int i = 0; i < 5; ++i) frame += HistoryOf(i + 3) + "\n";
  client_->session().OnFrame(frame);
  const auto answered = [this] { return bench_.context().metrics.replies_sent.value(); };
  const auto before = answered();
  while (true) {
    const auto begun = answered();
    client_->Hear();
    bench_.Turn();
    EXPECT_LE(answered() - begun, 1u);
    if (answered() == before + 4) break;
  }
}

TEST_F(AnswersTest, OneLargeAnswerIsNotSlowWhilePublicationsFollow) {
  client_->Say(R"({"id":2,"subscribe":{"channel":"room:small"}})");
  client_->Say(Recover(3));
  ASSERT_GT(queued(), 3 * kQueueMax);
  for (int i = 0; i < 10; ++i) {
    bench_.Publish("room:small", "\"" + std::string(1000, 'x') + "\"");
    bench_.Turn();
  }
  EXPECT_EQ(client_->close_code(), 0u);
  const Lines heard = client_->HearAll();
  EXPECT_EQ(Replies(heard), 1u);
  EXPECT_EQ(heard.size(), 12u);  // and the own join
}

TEST_F(AnswersTest, WhatIsPublishedWhileAnAnswerWaitsStillCounts) {
  client_->Say(R"({"id":2,"subscribe":{"channel":"room:small"}})");
  client_->Say(Recover(3));
  for (int i = 0; i < 80; ++i) {
    bench_.Publish("room:small", "\"" + std::string(1000, 'x') + "\"");
    bench_.Turn();
  }
  bench_.Advance(Milliseconds(50));
  EXPECT_EQ(client_->close_code(), 3008u);
}

TEST_F(AnswersTest, WhatTheServerSubscribesForAClientThatDoesNotReadIsBounded) {
  for (int i = 0; i < 20; ++i) {
    TaskScope scope;
    const auto subscribe = [](Session& session) -> Task<void> {
      control::Subscribe recovers{.channel = "room:big"};
      recovers.recover_since.emplace(protocol::StreamPosition{});
      (void)co_await session.Apply(std::move(recovers));
    };
    scope.Spawn(subscribe(client_->session()));
    scope.Spawn(client_->session().Apply(control::Unsubscribe{"room:big"}));
  }
  EXPECT_LE(queued(), kAnswerBytes + kQueueMax + kPublicationBytes + 4096) << "one answer and the limit";
  bench_.Advance(Milliseconds(50));
  EXPECT_EQ(client_->close_code(), 3008u);
}

TEST_F(AnswersTest, AClientThatGoesWhileItsCommandsWaitLeavesNothing) {
  client_->session().OnFrame(Recover(2) + "\n" + Leave(3) + "\n" + Recover(4));
  bench_.Turn();
  client_->session().OnFrame(Leave(5));
  client_->HangUp();
  bench_.Turn();
  EXPECT_TRUE(client_->retired());
  EXPECT_EQ(bench_.context().hub.subscriptions(), 0u);
}

TEST_F(AnswersTest, ASessionThatEndsWhileItsCommandsWaitRunsNoMore) {
  client_->session().OnFrame(Recover(2) + "\n" + HistoryOf(3));
  bench_.Turn();
  const auto before = bench_.context().metrics.replies_sent.value();
  client_->session().Disconnect(protocol::kDisconnectForceNoReconnect);
  client_->HearAll();
  EXPECT_EQ(bench_.context().metrics.replies_sent.value(), before);
  EXPECT_EQ(client_->close_code(), 3503u);
}

}  // namespace
}  // namespace tidemill::session
