#include "redis/connection/connection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "base/clock.h"
#include "net/task_scope.h"
#include "net/testing/harness.h"
#include "redis/testing/redis_server.h"

namespace tidemill::redis {
namespace {

using testing::RedisServer;

class ConnectionTest : public ::testing::Test {
 protected:
  ~ConnectionTest() override {
    if (connection) loop->Retire(std::move(connection));
    net::testing::RunTurns(*loop);
  }

  void Open(ConnectionOptions options) {
    scope.Spawn([](ConnectionTest& test, ConnectionOptions given) -> Task<void> {
      auto opened =
          co_await Connection::Open(*test.loop, test.server.endpoint(), std::move(given), test.metrics);
      EXPECT_TRUE(opened) << opened.error().detail;
      if (opened) test.connection = *std::move(opened);
    }(*this, std::move(options)));
    ASSERT_TRUE(net::testing::RunUntil(*loop, [&] { return connection != nullptr; }));
  }

  // Sends it; its answer goes to `answers`.
  void Send(Command command) {
    scope.Spawn([](ConnectionTest& test, Command given) -> Task<void> {
      auto answer = co_await test.connection->Send(std::move(given));
      test.answers.push_back(std::move(answer));
    }(*this, std::move(command)));
  }

  RedisServer server;
  metrics::Registry registry;
  Metrics metrics{registry};
  std::unique_ptr<net::Loop> loop = net::testing::OpenLoop();
  std::unique_ptr<Connection> connection;
  std::vector<Result<Reply>> answers;
  TaskScope scope;
};

TEST_F(ConnectionTest, RefusesCommandsOverItsLimits) {
  ConnectionOptions options;
  options.commands_max = 10;
  Open(std::move(options));
  for (int n = 0; n < 12; ++n) Send({"INCR", "n"});
  ASSERT_EQ(answers.size(), 2u) << "the refused ones are answered at once";
  EXPECT_EQ(answers[0].error().code, Errc::kLimitExceeded);
  ASSERT_TRUE(net::testing::RunUntil(*loop, [&] { return answers.size() == 12; }));
  for (int n = 0; n < 10; ++n) EXPECT_EQ(answers[static_cast<std::size_t>(n) + 2]->integer, n + 1);
  EXPECT_EQ(metrics.refused.value(), 2u);
  Send({"INCR", "n"});
  ASSERT_TRUE(net::testing::RunUntil(*loop, [&] { return answers.size() == 13; }));
  EXPECT_EQ(answers[12]->integer, 11) << "what was refused was not sent";
}

TEST_F(ConnectionTest, RefusesBytesOverItsLimit) {
  ConnectionOptions options;
  options.queued_bytes_max = 1000;
  Open(std::move(options));
  Send({"SET", "k", std::string(2000, 'x')});
  Send({"GET", "k"});
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].error().code, Errc::kLimitExceeded);
}

TEST_F(ConnectionTest, EndsWhenAReplyIsTooLong) {
  ConnectionOptions options;
  options.reply_bytes_max = 100'000;
  Open(std::move(options));
  Send({"SET", "k", std::string(1'000'000, 'x')});
  Send({"GET", "k"});
  ASSERT_TRUE(net::testing::RunUntil(*loop, [&] { return answers.size() == 2; }));
  EXPECT_TRUE(answers[0]);
  ASSERT_FALSE(answers[1]);
  EXPECT_EQ(answers[1].error().code, Errc::kUnavailable);
  EXPECT_TRUE(connection->closed());
}

TEST_F(ConnectionTest, EndsWhenTheServerIsSilentTooLong) {
  ConnectionOptions options;
  options.io_timeout = Milliseconds(200);
  options.probe_interval = Milliseconds(50);
  Open(std::move(options));
  std::string why;
  connection->SetOnClosed([&](std::string said) { why = std::move(said); });
  server.Stop();
  ASSERT_TRUE(net::testing::RunUntil(*loop, [&] { return !why.empty(); })) << "nothing waits, so a PING asks";
  EXPECT_EQ(why, "no answer in time");
  server.Continue();
}

TEST_F(ConnectionTest, WhatComesAtOnceIsTakenInSeveralTurns) {
  constexpr int kMessages = 200;
  Open({});
  int taken = 0, in_this_turn = 0, most = 0;
  connection->SetOnPush([&](const Reply&) {
    const std::int64_t begun = MonotonicMicros();
    while (MonotonicMicros() - begun < 500) continue;  // each is some work
    ++taken;
    most = std::max(most, ++in_this_turn);
  });
  ASSERT_TRUE(connection->Write({"SUBSCRIBE", "c"}));
  ASSERT_TRUE(net::testing::RunUntil(*loop, [&] { return taken == 1; }));
  std::string publish = "for i = 1, " + std::to_string(kMessages) + " do redis.call('PUBLISH', 'c', i) end";
  server.Ask({"EVAL", std::move(publish), "0"});
  while (taken < 1 + kMessages && !connection->closed()) {
    in_this_turn = 0;
    loop->RunOnce(Milliseconds(10));
  }
  EXPECT_EQ(taken, 1 + kMessages);
  EXPECT_LE(most, 5) << "2 ms of work";
}

TEST_F(ConnectionTest, AnAnswerNobodyWaitsForIsDropped) {
  Open({});
  {
    TaskScope given_up;
    given_up.Spawn(
        [](Connection& there) -> Task<void> { (void)co_await there.Send({"SET", "a", "1"}); }(*connection));
  }
  Send({"GET", "a"});
  ASSERT_TRUE(net::testing::RunUntil(*loop, [&] { return answers.size() == 1; }));
  EXPECT_EQ(answers[0]->text, "1");
}

}  // namespace
}  // namespace tidemill::redis
