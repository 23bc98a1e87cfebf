#include "chat/rooms/user_rates.h"

#include <gtest/gtest.h>

namespace tidemill::chat {
namespace {

using Kind = UserRates::Kind;

TEST(UserRates, ABurstThenTheRate) {
  UserRates rates({.sends_per_second = 10, .sends_burst = 3});
  MonotonicTime now{1'000'000};
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(rates.Take("ada", Kind::kSend, now));
  EXPECT_EQ(rates.Take("ada", Kind::kSend, now), Milliseconds(100));
  EXPECT_FALSE(rates.Take("bob", Kind::kSend, now)) << "each user has buckets of their own";
  EXPECT_FALSE(rates.Take("ada", Kind::kCall, now)) << "and each kind";
  now = now + Milliseconds(99);
  EXPECT_EQ(rates.Take("ada", Kind::kSend, now), Milliseconds(1));
  now = now + Milliseconds(1);
  EXPECT_FALSE(rates.Take("ada", Kind::kSend, now));
  EXPECT_TRUE(rates.Take("ada", Kind::kSend, now));
  now = now + Seconds(60);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(rates.Take("ada", Kind::kSend, now));
  EXPECT_TRUE(rates.Take("ada", Kind::kSend, now));
}

TEST(UserRates, KnowsSoManyAtMost) {
  UserRates rates({});
  const MonotonicTime now{1'000'000};
  for (int i = 0; i < 300'000; ++i) rates.Take(std::to_string(i), Kind::kCall, now);
  EXPECT_LE(rates.users(), 16 * UserRates::kUsersMax);
}

}  // namespace
}  // namespace tidemill::chat
