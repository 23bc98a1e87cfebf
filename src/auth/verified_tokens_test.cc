#include "auth/verified_tokens.h"

#include <gtest/gtest.h>

namespace tidemill::auth {
namespace {

constexpr MonotonicTime kBegun{1'000};
constexpr WallTime kWall{1'700'000'000'000};

VerifiedTokens::Now After(Duration time) { return {.monotonic = kBegun + time, .wall = kWall + time}; }

Caller User(std::string name) {
  return {.kind = Caller::Kind::kToken, .user = std::move(name), .claims = "{}"};
}

TEST(VerifiedTokens, AreForgottenAfterAWhileAndWhenTheyExpire) {
  VerifiedTokens tokens;
  tokens.Add("long", User("a"), std::nullopt, After({}));
  tokens.Add("short", User("b"), kWall + Seconds(3), After({}));
  ASSERT_NE(tokens.Find("long", After(Milliseconds(9'999))), nullptr);
  EXPECT_EQ(tokens.Find("long", After(Milliseconds(9'999)))->user, "a");
  EXPECT_NE(tokens.Find("short", After(Milliseconds(2'999))), nullptr);
  EXPECT_EQ(tokens.Find("short", After(Seconds(3))), nullptr);
  EXPECT_EQ(tokens.Find("long", After(VerifiedTokens::kKeptFor)), nullptr);
  EXPECT_EQ(tokens.bytes(), 0u);
}

TEST(VerifiedTokens, WhatIsAskedForStaysAndMemoryIsBounded) {
  VerifiedTokens tokens;
  tokens.Add("asked for", User("a"), std::nullopt, After({}));
  for (int i = 0; i < 10'000; ++i) {
    tokens.Add(std::to_string(i) + std::string(500, 't'), User("b"), std::nullopt, After({}));
    ASSERT_NE(tokens.Find("asked for", After({})), nullptr) << i;
    ASSERT_LE(tokens.bytes(), VerifiedTokens::kBytesMax);
  }
  EXPECT_EQ(tokens.Find("0" + std::string(500, 't'), After({})), nullptr);
  EXPECT_NE(tokens.Find("9999" + std::string(500, 't'), After({})), nullptr);
}

}  // namespace
}  // namespace tidemill::auth
