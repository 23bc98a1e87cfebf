#include "realtime/session/rate_limits.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/section.h"
#include "realtime/session/user_rates.h"

namespace tidemill::session {
namespace {

constexpr MonotonicTime kBegin{1'000'000};

template <class Request>
Operation Of() {
  return Operation::Of({.id = 1, .request = Request()});
}

Operation Rpc(std::string_view method) {
  return {.kind = Of<protocol::RpcRequest>().kind, .rpc_method = method};
}

RateLimits Limits(const RateLimitSettings& settings) {
  auto limits = RateLimits::Make(settings);
  EXPECT_TRUE(limits) << limits.error().detail;
  return *std::move(limits);
}

// How many of `count` are let through.
int Passed(const RateLimits& limits, Operation operation, MonotonicTime now, BucketTimes& times, int count) {
  int passed = 0;
  for (int i = 0; i < count; ++i) passed += limits.RefusedBy(operation, now, times) ? 0 : 1;
  return passed;
}

TEST(RateLimits, WithoutAnyEverythingPasses) {
  BucketTimes times;
  EXPECT_TRUE(RateLimits().empty());
  EXPECT_EQ(Passed(RateLimits(), Of<protocol::PublishRequest>(), kBegin, times, 1000), 1000);
  EXPECT_TRUE(Limits({}).empty());
}

TEST(RateLimits, ABucketIsFullAtFirstAndFillsEvenly) {
  const RateLimits limits = Limits({.publish = {"10/1s"}});
  const Operation publish = Of<protocol::PublishRequest>();
  BucketTimes times;
  EXPECT_EQ(Passed(limits, publish, kBegin, times, 100), 10);
  EXPECT_EQ(Passed(limits, publish, kBegin + Milliseconds(99), times, 100), 0);
  EXPECT_EQ(Passed(limits, publish, kBegin + Milliseconds(100), times, 100), 1);
  EXPECT_EQ(Passed(limits, publish, kBegin + Milliseconds(550), times, 100), 4);
  EXPECT_EQ(Passed(limits, publish, kBegin + Seconds(3600), times, 100), 10)
      << "it holds no more than its rate";
}

TEST(RateLimits, OneOfAMillionAnIntervalIsExact) {
  const RateLimits limits = Limits({.publish = {"1000000/1s"}, .rpc = {"1/24h"}});
  BucketTimes times;
  EXPECT_EQ(Passed(limits, Of<protocol::PublishRequest>(), kBegin, times, 1'000'010), 1'000'000);
  EXPECT_EQ(Passed(limits, Rpc("m"), kBegin, times, 2), 1);
  EXPECT_EQ(Passed(limits, Rpc("m"), kBegin + Seconds(24 * 3600 - 1), times, 2), 0);
  EXPECT_EQ(Passed(limits, Rpc("m"), kBegin + Seconds(24 * 3600), times, 2), 1);
}

TEST(RateLimits, EachKindHasItsOwnTheOthersTheDefaultAndAllTheTotal) {
  const RateLimits limits = Limits({.total = {"20/1s"}, .usual = {"5/1s"}, .publish = {"8/1s"}});
  BucketTimes times;
  EXPECT_EQ(Passed(limits, Of<protocol::PublishRequest>(), kBegin, times, 100), 8);
  EXPECT_EQ(Passed(limits, Of<protocol::HistoryRequest>(), kBegin, times, 100), 5);
  EXPECT_EQ(Passed(limits, Of<protocol::PresenceRequest>(), kBegin, times, 100), 0)
      << "the default is shared";
  EXPECT_EQ(Passed(limits, Of<protocol::UnsubscribeRequest>(), kBegin, times, 100), 100)
      << "is never refused";
  BucketTimes others;
  EXPECT_EQ(Passed(limits, Of<protocol::PublishRequest>(), kBegin, others, 100), 8) << "another connection's";
  EXPECT_EQ(limits.RefusedBy(Of<protocol::PublishRequest>(), kBegin, others), "publish");
}

TEST(RateLimits, ARefusedCommandTakesNothing) {
  const RateLimits limits = Limits({.total = {"3/1s"}, .publish = {"1/1s"}});
  BucketTimes times;
  EXPECT_EQ(Passed(limits, Of<protocol::PublishRequest>(), kBegin, times, 100), 1);
  EXPECT_EQ(Passed(limits, Of<protocol::HistoryRequest>(), kBegin, times, 100), 2) << "of the total's three";
  EXPECT_EQ(limits.RefusedBy(Of<protocol::HistoryRequest>(), kBegin, times), "total");
}

TEST(RateLimits, WhatAnotherLimitRefusesIsGivenBack) {
  const RateLimits limits = Limits({.total = {"4/1h"}, .publish = {"3/1h"}});
  BucketTimes times;
  for (int i = 0; i < 50; ++i) {
    EXPECT_FALSE(limits.RefusedBy(Of<protocol::PublishRequest>(), kBegin, times));
    limits.GiveBack(Of<protocol::PublishRequest>(), times);
  }
  EXPECT_EQ(Passed(limits, Of<protocol::PublishRequest>(), kBegin, times, 100), 3);
  EXPECT_EQ(Passed(limits, Of<protocol::HistoryRequest>(), kBegin, times, 100), 1);
}

TEST(RateLimits, SeveralOfAKindHoldAll) {
  const RateLimits limits = Limits({.publish = {"5/1s", "8/1m"}});
  BucketTimes times;
  EXPECT_EQ(Passed(limits, Of<protocol::PublishRequest>(), kBegin, times, 100), 5);
  EXPECT_EQ(Passed(limits, Of<protocol::PublishRequest>(), kBegin + Seconds(1), times, 100), 3);
}

TEST(RateLimits, MethodsOfRpcMayHaveTheirOwn) {
  const RateLimits limits = Limits({.rpc = {"2/1s"}, .rpc_methods = {"search 1/1s", "set status 3/1s"}});
  BucketTimes times;
  EXPECT_EQ(Passed(limits, Rpc("search"), kBegin, times, 9), 1);
  EXPECT_EQ(Passed(limits, Rpc("set status"), kBegin, times, 9), 3);
  EXPECT_EQ(Passed(limits, Rpc("other"), kBegin, times, 9), 2);
  EXPECT_EQ(Passed(limits, Rpc("another"), kBegin, times, 9), 0);
}

TEST(RateLimits, WithOtherLimitsAllBucketsAreFull) {
  const RateLimits before = Limits({.total = {"1/1h"}, .publish = {"1/1h"}});
  const RateLimits after = Limits({.publish = {"2/1h"}});
  BucketTimes times;
  EXPECT_EQ(Passed(before, Of<protocol::PublishRequest>(), kBegin, times, 9), 1);
  EXPECT_EQ(Passed(after, Of<protocol::PublishRequest>(), kBegin, times, 9), 2);
}

TEST(RateLimits, TextsThatAreNoneAreRefusedWithHowToWriteThem) {
  for (const char* text : {"", "20", "20/", "/1s", "0/1s", "-1/1s", "1.5/1s", "20 / 1s", "20/1", "20/0s",
                           "20/25h", "1000001/1s", "4294967297/1s", "20/1sx", "x20/1s"}) {
    const auto limits = RateLimits::Make({.publish = {text}});
    ASSERT_FALSE(limits) << text;
    EXPECT_NE(limits.error().detail.find("20/1s"), std::string::npos) << limits.error().detail;
    config::Findings findings;
    const RateLimitSettings settings{.sub_refresh = {text}};
    UserRateSection().check(settings, "client.rate_limit.user_command.", findings);
    ASSERT_EQ(findings.size(), 1u) << text;
    EXPECT_EQ(findings[0].key, "client.rate_limit.user_command.sub_refresh");
  }
  for (const char* text : {"", "search", " 5/1s", "search 5", "search5/1s"}) {
    EXPECT_FALSE(RateLimits::Make({.rpc_methods = {text}})) << text;
    config::Findings findings;
    UserRateSection().check({.rpc_methods = {text}}, "", findings);
    EXPECT_EQ(findings.size(), 1u) << text;
  }
}

TEST(UserRates, AreCountedOverAllConnectionsAndNotForTheAnonymous) {
  UserRates rates(Limits({.connect = {"2/1m"}}));
  EXPECT_FALSE(rates.RefusedBy("ann", Operation::Connect(), kBegin));
  EXPECT_FALSE(rates.RefusedBy("ann", Operation::Connect(), kBegin));
  EXPECT_EQ(rates.RefusedBy("ann", Operation::Connect(), kBegin), "connect");
  EXPECT_FALSE(rates.RefusedBy("bob", Operation::Connect(), kBegin));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(rates.RefusedBy("", Operation::Connect(), kBegin));
  EXPECT_FALSE(rates.RefusedBy("ann", Operation::Connect(), kBegin + Seconds(30)));
}

TEST(UserRates, ThoseWhoseBucketsAreFullAreForgotten) {
  UserRates rates(Limits({.connect = {"1/1s"}}));
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_FALSE(rates.RefusedBy("before-" + std::to_string(i), Operation::Connect(), kBegin));
  }
  EXPECT_EQ(rates.users(), 10'000u);
  for (int i = 0; i < 20'000; ++i) {
    EXPECT_FALSE(rates.RefusedBy("after-" + std::to_string(i), Operation::Connect(), kBegin + Seconds(2)));
  }
  EXPECT_EQ(rates.users(), 20'000u);
}

TEST(UserRates, WhereTooManyAreCountedTheQuietestIsForgotten) {
  constexpr std::size_t kUsersMax = 1600;
  UserRates rates(Limits({.connect = {"1/1h"}}), kUsersMax);
  for (int i = 0; i < 100'000; ++i) {
    (void)rates.RefusedBy("user-" + std::to_string(i), Operation::Connect(), kBegin);
    EXPECT_EQ(rates.RefusedBy("busy", Operation::Connect(), kBegin).has_value(), i > 0)
        << "and not the others";
  }
  EXPECT_LE(rates.users(), kUsersMax);
}

}  // namespace
}  // namespace tidemill::session
