#include "queries/live/pacing.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tidemill::queries::live {
namespace {

MonotonicTime At(std::int64_t ms) { return MonotonicTime{ms}; }

TEST(Pacing, TheFirstChangeIsAskedForAtOnce) {
  Pacing pacing(Milliseconds(100));
  EXPECT_EQ(pacing.due(), std::nullopt);
  EXPECT_TRUE(pacing.NoteChange(At(1000)));
  EXPECT_FALSE(pacing.NoteChange(At(1001)));
  EXPECT_EQ(pacing.due(), At(1000));
}

TEST(Pacing, ThenOnceInAnInterval) {
  Pacing pacing(Milliseconds(100));
  pacing.NoteChange(At(1000));
  pacing.Begin(At(1000));
  pacing.End(Pacing::Outcome::kDone, At(1010));
  EXPECT_EQ(pacing.due(), std::nullopt);
  EXPECT_TRUE(pacing.NoteChange(At(1020)));
  EXPECT_EQ(pacing.due(), At(1100));
  pacing.Begin(At(1100));
  pacing.End(Pacing::Outcome::kDone, At(1110));
  EXPECT_TRUE(pacing.NoteChange(At(5000)));
  EXPECT_EQ(pacing.due(), At(5000));
}

TEST(Pacing, AChangeMeanwhileIsAskedForOnceMore) {
  Pacing pacing(Milliseconds(100));
  pacing.NoteChange(At(1000));
  pacing.Begin(At(1000));
  EXPECT_FALSE(pacing.NoteChange(At(1001)));
  EXPECT_FALSE(pacing.NoteChange(At(1002)));
  pacing.End(Pacing::Outcome::kDone, At(1010));
  EXPECT_EQ(pacing.due(), At(1100));
  pacing.Begin(At(1100));
  pacing.End(Pacing::Outcome::kDone, At(1110));
  EXPECT_EQ(pacing.due(), std::nullopt);
}

TEST(Pacing, ASlowOneRestsAsLongAsItTook) {
  Pacing pacing(Milliseconds(100));
  pacing.NoteChange(At(1000));
  pacing.Begin(At(1000));
  EXPECT_FALSE(pacing.NoteChange(At(1001)));
  pacing.End(Pacing::Outcome::kDone, At(1300));
  EXPECT_EQ(pacing.due(), At(1600));
}

TEST(Pacing, WhatDoesNotComeIsGivenUp) {
  Pacing pacing(Milliseconds(100));
  const auto look = [&](std::int64_t at, Pacing::Outcome outcome) {
    pacing.Begin(At(at));
    pacing.End(outcome, At(at));
    return pacing.gives_up(At(at));
  };
  pacing.NoteChange(At(1000));
  EXPECT_FALSE(look(1000, Pacing::Outcome::kNotVisible));
  EXPECT_FALSE(look(11'000, Pacing::Outcome::kNotVisible));
  EXPECT_TRUE(look(11'001, Pacing::Outcome::kNotVisible));
  EXPECT_FALSE(look(11'100, Pacing::Outcome::kDone));
  EXPECT_FALSE(look(30'000, Pacing::Outcome::kNotVisible));
}

TEST(Pacing, AFailureIsTriedAgainLessAndLessOften) {
  Pacing pacing(Milliseconds(10));
  pacing.NoteChange(At(0));
  std::int64_t pause = 100;
  MonotonicTime now = At(0);
  for (int i = 0; i < 10; ++i) {
    pacing.Begin(now);
    pacing.End(Pacing::Outcome::kFailed, now);
    ASSERT_EQ(pacing.due(), now + Milliseconds(pause));
    now = *pacing.due();
    pause = std::min<std::int64_t>(2 * pause, 5000);
  }
  pacing.Begin(now);
  pacing.End(Pacing::Outcome::kDone, now);
  EXPECT_EQ(pacing.due(), std::nullopt);
}

TEST(Pacing, WhatIsAboutToComeIsLookedForSoon) {
  Pacing pacing(Milliseconds(100));
  pacing.NoteChange(At(1000));
  std::int64_t now = 1000;
  for (const std::int64_t pause : {1, 2, 4, 8, 16, 32, 64, 128, 250, 250}) {
    pacing.Begin(At(now));
    pacing.End(Pacing::Outcome::kNotVisible, At(now));
    now += pause;
    ASSERT_EQ(pacing.due(), At(now));
  }
  pacing.Begin(At(now));
  pacing.End(Pacing::Outcome::kDone, At(now));
  EXPECT_EQ(pacing.due(), std::nullopt);
}

TEST(Pacing, PollsAndIsDueSoonerByAChange) {
  Pacing pacing(Milliseconds(100));
  pacing.SetPolling(Seconds(1));
  pacing.NoteChange(At(1000));
  pacing.Begin(At(1000));
  pacing.End(Pacing::Outcome::kDone, At(1001));
  EXPECT_EQ(pacing.due(), At(2001));
  EXPECT_TRUE(pacing.NoteChange(At(1500)));
  EXPECT_EQ(pacing.due(), At(1500));
}

TEST(Pacing, AChangeDoesNotShortenThePauseOfAFailure) {
  Pacing pacing(Milliseconds(10));
  pacing.NoteChange(At(0));
  pacing.Begin(At(0));
  pacing.End(Pacing::Outcome::kFailed, At(5));
  EXPECT_FALSE(pacing.NoteChange(At(6)));
  EXPECT_EQ(pacing.due(), At(105));
}

}  // namespace
}  // namespace tidemill::queries::live
