// The small pieces: result, strong types, clock, random, assert.
#include <gtest/gtest.h>

#include <set>

#include "base/assert.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/strong.h"

namespace tidemill {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return Fail(Errc::kInvalidArgument, "odd");
  return n / 2;
}

Result<int> Quarter(int n) {
  TM_TRY(Half(n));
  TM_TRY_ASSIGN(const int half, Half(n));
  TM_TRY_ASSIGN(const int quarter, Half(half));
  return quarter;
}

TEST(Result, TryReturnsTheFirstError) {
  EXPECT_EQ(Quarter(8), 2);
  EXPECT_EQ(Quarter(6).error(), (Error{Errc::kInvalidArgument, "odd"}));
  EXPECT_EQ(Quarter(7).error().detail, "odd");
}

TEST(Result, EveryCodeHasItsOwnName) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(Errc::kInternal); ++code) {
    names.insert(Name(static_cast<Errc>(code)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Errc::kInternal) + 1);
  EXPECT_FALSE(names.contains("unknown"));
  EXPECT_EQ(Name(Errc::kUnrecoverablePosition), "unrecoverable_position");
}

TEST(Strong, ComparesAndHashesItsValue) {
  using RoomName = Strong<std::string, struct RoomTag>;
  EXPECT_EQ(RoomName("a"), RoomName("a"));
  EXPECT_LT(RoomName("a"), RoomName("b"));
  EXPECT_EQ(std::hash<RoomName>{}(RoomName("a")), std::hash<std::string>{}("a"));
  static_assert(!std::is_convertible_v<std::string, RoomName>);
}

TEST(Clock, MonotonicTimeNeverGoesBack) {
  const MonotonicTime first = SystemClock().Now();
  const MonotonicTime second = SystemClock().Now();
  EXPECT_GE(second - first, Milliseconds(0));
  EXPECT_GT(SystemClock().WallNow().ms, 1'700'000'000'000);
}

TEST(Clock, ManualClockMovesBothTimesByHand) {
  ManualClock clock;
  const MonotonicTime before = clock.Now();
  const WallTime wall_before = clock.WallNow();
  clock.Advance(Minutes(2));
  EXPECT_EQ(clock.Now() - before, Seconds(120));
  EXPECT_EQ(clock.WallNow() - wall_before, Milliseconds(120'000));
  EXPECT_EQ(Hours(1).ms, 3'600'000);
}

TEST(Random, BelowStaysBelowAndReachesEveryValue) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 2000; ++i) seen.insert(RandomBelow(7));
  EXPECT_EQ(seen.size(), 7u);
  EXPECT_LT(*seen.rbegin(), 7u);
  EXPECT_EQ(RandomBelow(1), 0u);
}

TEST(Random, LettersAreLetters) {
  const std::string letters = RandomLetters(500);
  EXPECT_EQ(letters.size(), 500u);
  EXPECT_EQ(letters.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
            std::string::npos);
  EXPECT_NE(letters, RandomLetters(500));
}

TEST(Random, FillsMoreThanOnePool) {
  std::array<std::byte, 5000> bytes{};
  FillRandom(bytes);
  int zeros = 0;
  for (const std::byte byte : bytes) zeros += byte == std::byte{0} ? 1 : 0;
  EXPECT_LT(zeros, 200);  // about 20 expected; ten times as many means a part was not filled
}

TEST(Uuid, IsOfVersionFourAndDoesNotRepeat) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = Uuid::Random().ToString();
    ASSERT_EQ(text.size(), 36u);
    EXPECT_EQ(text[14], '4');
    EXPECT_TRUE(std::string_view("89ab").contains(text[19])) << text;
    for (const std::size_t dash : {8u, 13u, 18u, 23u}) EXPECT_EQ(text[dash], '-');
    seen.insert(text);
  }
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(AssertDeathTest, NamesTheConditionAndAborts) {
  const int one = 1;
  TM_ASSERT(one == 1);
  EXPECT_DEATH(TM_ASSERT(one == 2), "assertion failed: one == 2 at .*foundation_test.cc");
}

}  // namespace
}  // namespace tidemill
