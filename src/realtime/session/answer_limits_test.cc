// Answers have limits of their own: client.answer_max_size, client.unread_answers_max_size.
#include <gtest/gtest.h>

#include <string>

#include "realtime/session/client.h"
#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

constexpr std::size_t kPublicationBytes = 100'000;

BenchSettings SmallAnswers() {
  BenchSettings settings = TestSettings();
  settings.channel.namespaces["text"] = settings.channel.namespaces["room"];
  settings.channel.namespaces["text"].allowed_delta_types = {"fossil"};
  settings.client.answer_max_size = 3 * kPublicationBytes + 1000;
  settings.client.unread_answers_max_size = 3 * kPublicationBytes + 10'000;
  settings.client.queue_max_size = kPublicationBytes;  // of what was not asked for
  return settings;
}

class AnswerLimitsTest : public testing::Test {
 protected:
  AnswerLimitsTest() : bench_(SmallAnswers()) {
    Fill("room:five", 5);
    Fill("room:two", 2);
    Fill("room:three", 3);
  }
  void Fill(const std::string& channel, int publications) {
    for (int i = 0; i < publications; ++i) {
      bench_.Publish(channel, "\"" + std::string(kPublicationBytes, 'x') + "\"");
    }
    bench_.Turn();
  }
  std::unique_ptr<TestClient> Connected(std::string_view rest = "") {
    auto client = bench_.Connect();
    client->session().OnFrame(R"({"id":1,"connect":{"token":")" + SessionBench::Token(R"({"sub":"u"})") +
                              "\"" + std::string(rest) + "}}");
    bench_.Turn();
    return client;
  }
  static std::string Subscribe(std::string_view channel, int id = 2) {
    return R"({"id":)" + std::to_string(id) + R"(,"subscribe":{"channel":")" + std::string(channel) +
           R"(","recover":true}})";
  }
  // The first reply that is heard.
  static std::string Reply(TestClient& client) {
    for (const std::string& line : client.HearAll()) {
      if (line.starts_with(R"({"id":)")) return line;
    }
    return "";
  }
  static std::string Ask(TestClient& client, std::string_view command) {
    client.HearAll();
    client.session().OnFrame(command);
    return Reply(client);
  }
  std::uint64_t too_large() { return bench_.context().metrics.answers_too_large.value(); }

  SessionBench bench_;
};

TEST_F(AnswerLimitsTest, AHistoryOverTheLimitIsAnErrorThatNamesTheSetting) {
  auto client = Connected();
  Ask(*client, R"({"id":2,"subscribe":{"channel":"room:five"}})");
  EXPECT_EQ(Ask(*client, R"({"id":3,"history":{"channel":"room:five","limit":-1}})"),
            R"({"id":3,"error":{"code":106,)"
            R"("message":"limit exceeded: the answer is over client.answer_max_size"}})");
  EXPECT_EQ(too_large(), 1u);
  EXPECT_TRUE(Ask(*client, R"({"id":4,"history":{"channel":"room:five","limit":3}})")
                  .starts_with(R"({"id":4,"history":{"publications":[{)"));
}

TEST_F(AnswerLimitsTest, DataThatAreSentAsATextCountWithTheirEscapes) {
  std::string quotes = "[\"\"";
  while (quotes.size() + 4 < kPublicationBytes) quotes += R"(,"")";
  for (int i = 0; i < 3; ++i) bench_.Publish("text:a", quotes + ']');
  bench_.Turn();
  EXPECT_TRUE(Ask(*Connected(), Subscribe("text:a")).contains("recovered\":true"));
  const std::string with_deltas =
      R"({"id":2,"subscribe":{"channel":"text:a","recover":true,"delta":"fossil"}})";
  EXPECT_FALSE(Ask(*Connected(), with_deltas).contains("recovered\":true"));
}

TEST_F(AnswerLimitsTest, ARecoveryOverTheLimitIsNotRecovered) {
  auto client = Connected();
  const std::string reply = Ask(*client, Subscribe("room:five"));
  EXPECT_FALSE(reply.contains("recovered\":true")) << reply.substr(0, 300);
  EXPECT_TRUE(reply.contains(R"("offset":5,"positioned":true,"was_recovering":true)"))
      << reply.substr(0, 300);
  EXPECT_TRUE(Ask(*client, Subscribe("room:three", 3)).contains("recovered\":true"));
  EXPECT_EQ(too_large(), 1u);
}

TEST_F(AnswerLimitsTest, WhatTheServersSubscribeRecoversIsAnAnswer) {
  auto client = Connected();
  client->HearAll();
  control::Subscribe subscribe{.channel = "room:three"};
  subscribe.recover_since = protocol::StreamPosition{};
  const auto applied = bench_.Apply({.user = "u"}, std::move(subscribe));
  ASSERT_TRUE(applied && *applied) << "it does not wait for the client to read";
  client->session().OnFrame(R"({"id":2,"presence_stats":{"channel":"room:three"}})");
  bench_.Turn();
  EXPECT_GT(bench_.context().metrics.unread_answer_bytes.value(), 0);
  const Lines heard = client->HearAll();
  EXPECT_EQ(client->close_code(), 0u);
  std::vector<std::string> kinds;
  for (const std::string& line : heard) {
    kinds.push_back(line.starts_with(R"({"id":2)")     ? "reply"
                    : line.contains(R"("subscribe":)") ? "subscribe"
                    : line.contains(R"("pub":)")       ? "pub"
                                                       : "other");
  }
  EXPECT_EQ(kinds, (std::vector<std::string>{"subscribe", "pub", "pub", "pub", "other", "reply"}));
  EXPECT_EQ(bench_.context().metrics.unread_answer_bytes.value(), 0);
}

TEST_F(AnswerLimitsTest, ARecoveryOverTheLimitIsRefusedToWhoAskedForThat) {
  auto client = Connected();
  EXPECT_EQ(Ask(*client, R"({"id":2,"subscribe":{"channel":"room:five","recover":true,"flag":2}})"),
            R"({"id":2,"error":{"code":112,"message":"unrecoverable position"}})");
  EXPECT_EQ(client->session().subscriptions(), 0u);
}

TEST_F(AnswerLimitsTest, TheSubscriptionsOfAConnectShareOneAnswer) {
  std::string subs;
  for (const char* channel : {"room:three", "room:two"}) {
    subs += std::string(subs.empty() ? "" : ",") + "\"" + channel + R"(":{"recover":true})";
  }
  auto client = Connected(R"(,"subs":{)" + subs + "}");
  const std::string reply = Reply(*client);
  const std::size_t two = reply.find(R"("room:two":{)");
  ASSERT_NE(two, std::string::npos) << reply.substr(0, 300);
  EXPECT_TRUE(reply.substr(0, two).contains("recovered\":true"));
  EXPECT_FALSE(reply.substr(two).contains("recovered\":true"));
  EXPECT_LT(reply.size(), 3 * kPublicationBytes + 2000);
  EXPECT_EQ(client->session().subscriptions(), 2u);
}

TEST_F(AnswerLimitsTest, APresenceOverTheLimitIsAnErrorThatNamesTheSetting) {
  auto client = Connected();
  Ask(*client, R"({"id":2,"subscribe":{"channel":"room:a"}})");
  TaskScope scope;
  const auto add = [](SessionBench& bench, int i) -> Task<void> {
    (void)co_await bench.broker().Add(broker::ChannelName("room:a"),
                                      {.user = std::string(1000, 'u'), .client = std::to_string(i)});
  };
  for (int i = 0; i < 400; ++i) scope.Spawn(add(bench_, i));
  EXPECT_EQ(Ask(*client, R"({"id":3,"presence":{"channel":"room:a"}})"),
            R"({"id":3,"error":{"code":106,)"
            R"("message":"limit exceeded: the answer is over client.answer_max_size"}})");
}

TEST_F(AnswerLimitsTest, UnreadAnswersOfAllConnectionsAreBounded) {
  const std::string busy = R"({"id":2,"error":{"code":111,)"
                           R"("message":"too many requests: client.unread_answers_max_size is reached",)"
                           R"("temporary":true}})";
  auto reads_late = Connected();
  reads_late->HearAll();
  auto other = Connected();
  other->HearAll();
  reads_late->session().OnFrame(Subscribe("room:three"));
  bench_.Turn();
  EXPECT_GT(bench_.context().metrics.unread_answer_bytes.value(), 0);

  EXPECT_EQ(Ask(*other, Subscribe("room:three")).substr(0, 200), busy);
  EXPECT_EQ(other->session().subscriptions(), 0u);
  EXPECT_TRUE(Ask(*other, R"({"id":3,"subscribe":{"channel":"room:three"}})").contains("subscribe"));

  EXPECT_TRUE(Reply(*reads_late).contains("recovered\":true"));
  EXPECT_EQ(bench_.context().metrics.unread_answer_bytes.value(), 0);
  EXPECT_TRUE(Ask(*other, Subscribe("room:two", 4)).contains("recovered\":true"));
}

TEST_F(AnswerLimitsTest, WhoGoesWithoutReadingHoldsNothing) {
  auto client = Connected();
  client->session().OnFrame(Subscribe("room:three"));
  bench_.Turn();
  EXPECT_GT(bench_.context().metrics.unread_answer_bytes.value(), 0);
  client->HangUp();
  bench_.Turn();
  EXPECT_EQ(bench_.context().metrics.unread_answer_bytes.value(), 0);
}

}  // namespace
}  // namespace tidemill::session
