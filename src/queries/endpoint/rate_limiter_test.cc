#include "queries/endpoint/rate_limiter.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemill::queries {
namespace {

constexpr MonotonicTime At(std::int64_t ms) { return {1'000'000 + ms}; }

TEST(RateLimiter, LetsInSoManyAtOnceAndThenOneByOne) {
  RateLimiter limiter({.count = 3, .per = Seconds(3), .claim = ""});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.Take("a", At(0)), std::nullopt) << i;
  EXPECT_EQ(limiter.Take("a", At(0)), Seconds(1));
  EXPECT_EQ(limiter.Take("b", At(0)), std::nullopt) << "each for itself";
  EXPECT_EQ(limiter.Take("a", At(600)), Milliseconds(400));
  EXPECT_EQ(limiter.Take("a", At(1000)), std::nullopt);
  EXPECT_EQ(limiter.Take("a", At(1000)), Seconds(1));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.Take("a", At(60'000)), std::nullopt) << i;
  EXPECT_NE(limiter.Take("a", At(60'000)), std::nullopt);
}

TEST(RateLimiter, KeepsSoManyKeys) {
  RateLimiter limiter({.count = 1, .per = Seconds(3600), .claim = ""});
  for (std::size_t i = 0; i < RateLimiter::kKeysMax + 1000; ++i) limiter.Take(std::to_string(i), At(0));
  EXPECT_EQ(limiter.keys(), RateLimiter::kKeysMax);
}

TEST(RateLimiter, AnAddressOfIpv6CountsAsItsNetwork) {
  const auto key = [](const char* text) { return RateKey(*net::IpAddress::Parse(text)); };
  EXPECT_EQ(key("2001:db8::1"), key("2001:db8::ffff"));
  EXPECT_NE(key("2001:db8::1"), key("2001:db8:0:1::1"));
  EXPECT_NE(key("10.0.0.1"), key("10.0.0.2"));
}

}  // namespace
}  // namespace tidemill::queries
