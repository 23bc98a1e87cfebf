// Long answers are made over several turns, so that others are served in between.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "net/testing/slowdown.h"
#include "net/turn_meter.h"
#include "realtime/methods/testing/methods_fixture.h"

namespace tidemill::methods {
namespace {

using testing::MethodsFixture;

TEST(LongAnswers, AreMadeOverSeveralTurns) {
  MethodsFixture api;
  for (int i = 0; i < 5; ++i) {
    api.Publish(
        {.channel = "a", .data = '"' + std::string(300'000, 'x') + '"', .form = broker::DataForm::kJson});
  }
  const auto exchange = api.Begin("history", R"({"channel":"a","limit":-1})");
  int turns = 0;
  for (; !MethodsFixture::ReplyOf(*exchange); ++turns) api.Turn();
  EXPECT_GE(turns, 5);
}

TEST(LongAnswers, PresenceOfThousandsTakesShortTurns) {
  constexpr int kClients = 9000;
  MethodsFixture api;
  for (int i = 0; i < kClients; ++i) {
    const std::string number = std::to_string(100'000 + i);
    api.AddPresence("a", {.user = "user-" + number,
                          .client = "d9534349-81cf-44a5-b36b-73a76d" + number,
                          .conn_info = R"({"name":"A name of some length","n":)" + number + "}",
                          .chan_info = R"({"role":"guest"})"});
  }
  const auto exchange = api.Begin("presence", R"({"channel":"a"})");
  std::int64_t longest_us = 0;
  int turns = 0;
  for (; !MethodsFixture::ReplyOf(*exchange); ++turns) {
    const std::int64_t before = net::ThreadCpuMicros();
    api.Turn();
    longest_us = std::max(longest_us, net::ThreadCpuMicros() - before);
  }
  RecordProperty("turns", turns);
  RecordProperty("longest_turn_cpu_us", static_cast<int>(longest_us));
  EXPECT_GE(turns, 3);
  EXPECT_LT(longest_us, net::TurnMeter::kLong * net::testing::kSlowdown);
  EXPECT_EQ(MethodsFixture::ReplyOf(*exchange)->status, 200);
}

}  // namespace
}  // namespace tidemill::methods
