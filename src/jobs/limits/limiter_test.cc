#include "jobs/limits/limiter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/turn_meter.h"

namespace tidemill::jobs {
namespace {

using enum Limiter::Verdict;

constexpr MonotonicTime kStart{1'000'000};

class LimiterTest : public ::testing::Test {
 protected:
  Limiter::Verdict Admit(Limiter& limiter, std::uint64_t id, const char* key = "", int weight = 1,
                         const char* wid = "w") {
    return limiter.Admit({.id = JobId(id), .wid = wid, .key = key, .weight = weight}, now_);
  }
  void Park(Limiter& limiter, std::uint64_t id, const char* key, int weight = 1) {
    limiter.Park({.entry = {.id = JobId(id), .text = "{}"}, .key = key, .weight = weight});
  }
  // The id of the next one, which is admitted; 0: none may go.
  std::uint64_t Next(Limiter& limiter) {
    auto job = limiter.TakeParked(now_);
    if (!job) return 0;
    const std::uint64_t id = job->entry.id.value();
    EXPECT_EQ(Admit(limiter, id, job->key.c_str(), job->weight), kRun);
    return id;
  }
  MonotonicTime now_ = kStart;
};

TEST_F(LimiterTest, ConcurrencyOfTheQueueCountsUntilARelease) {
  Limiter limiter({.concurrency = 2});
  EXPECT_EQ(Admit(limiter, 1), kRun);
  EXPECT_TRUE(limiter.MayFetch("w", now_));
  EXPECT_EQ(Admit(limiter, 2), kRun);
  EXPECT_FALSE(limiter.MayFetch("w", now_));
  EXPECT_EQ(Admit(limiter, 3), kQueue);
  EXPECT_FALSE(limiter.NextChange(now_));
  EXPECT_TRUE(limiter.Release(JobId(1), now_));
  EXPECT_FALSE(limiter.Release(JobId(1), now_));
  EXPECT_TRUE(limiter.MayFetch("w", now_));
  EXPECT_EQ(Admit(limiter, 3), kRun);
}

TEST_F(LimiterTest, WhatIsHeldBackIsCountedByTheLimitThatDidIt) {
  {
    Limiter limiter({.concurrency = 1, .rate = Rate{.count = 10, .period = Seconds(1)}});
    EXPECT_EQ(Admit(limiter, 1), kRun);
    EXPECT_EQ(Admit(limiter, 2), kQueue);
    limiter.LeftOut(now_);
    EXPECT_EQ(limiter.held_back().concurrency, 2u);
    EXPECT_EQ(limiter.held_back().rate, 0u);
  }
  {
    Limiter limiter({.concurrency = 5, .rate = Rate{.count = 1, .period = Seconds(1)}});
    EXPECT_EQ(Admit(limiter, 1), kRun);
    EXPECT_EQ(Admit(limiter, 2), kQueue);
    limiter.LeftOut(now_);
    EXPECT_EQ(limiter.held_back().rate, 2u);
    EXPECT_EQ(limiter.held_back().concurrency, 0u);
  }
  {
    Limiter limiter({.worker_concurrency = 1});
    EXPECT_EQ(Admit(limiter, 1, "", 1, "a"), kRun);
    EXPECT_EQ(Admit(limiter, 2, "", 1, "a"), kWorker);
    limiter.LeftOut(now_);
    EXPECT_EQ(limiter.held_back().worker_concurrency, 2u);
  }
  {
    Limiter limiter({.key_concurrency = 1, .key_rate = Rate{.count = 2, .period = Seconds(1)}});
    EXPECT_EQ(Admit(limiter, 1, "k"), kRun);
    EXPECT_EQ(Admit(limiter, 2, "k"), kKey);
    EXPECT_EQ(limiter.held_back().key_concurrency, 1u);
    limiter.Release(JobId(1), now_);
    EXPECT_EQ(Admit(limiter, 2, "k"), kRun);
    limiter.Release(JobId(2), now_);
    EXPECT_EQ(Admit(limiter, 3, "k"), kKey);
    EXPECT_EQ(limiter.held_back().key_rate, 1u);
  }
  {
    Limiter limiter({.key_concurrency = 1}, {.keys_max = 1});
    EXPECT_EQ(Admit(limiter, 1, "k"), kRun);
    EXPECT_EQ(Admit(limiter, 2, "other"), kKey);
    EXPECT_EQ(limiter.held_back().keys, 1u);
  }
}

TEST_F(LimiterTest, EachWorkerHasItsOwn) {
  Limiter limiter({.worker_concurrency = 1});
  EXPECT_EQ(Admit(limiter, 1, "", 1, "a"), kRun);
  EXPECT_FALSE(limiter.MayFetch("a", now_));
  EXPECT_TRUE(limiter.MayFetch("b", now_));
  EXPECT_EQ(Admit(limiter, 2, "", 1, "a"), kWorker);
  EXPECT_EQ(Admit(limiter, 2, "", 1, "b"), kRun);
  limiter.Release(JobId(1), now_);
  EXPECT_TRUE(limiter.MayFetch("a", now_));
}

TEST_F(LimiterTest, AWorkerThatHasNoRoomForAHeavyJobIsNotAskedAgainBeforeItHas) {
  Limiter limiter({.worker_concurrency = 3});
  EXPECT_EQ(Admit(limiter, 1, "", 2, "a"), kRun);
  EXPECT_EQ(Admit(limiter, 2, "", 2, "a"), kWorker);
  EXPECT_FALSE(limiter.MayFetch("a", now_));
  EXPECT_EQ(Admit(limiter, 2, "", 2, "b"), kRun);
  limiter.Release(JobId(1), now_);
  EXPECT_TRUE(limiter.MayFetch("a", now_));
  EXPECT_EQ(Admit(limiter, 3, "", 1000, "a"), kRun) << "heavier than the limit: alone";
}

TEST_F(LimiterTest, AHeavyJobWaitsForItsRoomAndNothingOvertakesItFromTheFront) {
  Limiter limiter({.concurrency = 4});
  EXPECT_EQ(Admit(limiter, 1, "", 3), kRun);
  EXPECT_EQ(Admit(limiter, 2, "", 2), kQueue);
  EXPECT_FALSE(limiter.MayFetch("w", now_)) << "one unit is free, but two are wanted";
  limiter.Release(JobId(1), now_);
  EXPECT_TRUE(limiter.MayFetch("w", now_));
  EXPECT_EQ(Admit(limiter, 2, "", 2), kRun);
  EXPECT_EQ(Admit(limiter, 3, "", 1000), kQueue);
  limiter.Release(JobId(2), now_);
  EXPECT_EQ(Admit(limiter, 3, "", 1000), kRun) << "heavier than the limit: alone";
  EXPECT_EQ(Admit(limiter, 4), kQueue);
}

TEST_F(LimiterTest, AKeyAtItsLimitHoldsUpNoOther) {
  Limiter limiter({.key_concurrency = 1});
  EXPECT_EQ(Admit(limiter, 1, "a"), kRun);
  EXPECT_EQ(Admit(limiter, 2, "a"), kKey);
  Park(limiter, 2, "a");
  EXPECT_TRUE(limiter.MayFetch("w", now_));
  EXPECT_EQ(Admit(limiter, 3, "b"), kRun);
  EXPECT_EQ(Admit(limiter, 4), kRun) << "no key, no limit";
  EXPECT_EQ(Next(limiter), 0U);
  limiter.Release(JobId(1), now_);
  EXPECT_EQ(Admit(limiter, 5, "a"), kKey) << "the parked one goes first";
  Park(limiter, 5, "a");
  EXPECT_EQ(Next(limiter), 2U);
  EXPECT_EQ(Next(limiter), 0U);
  limiter.Release(JobId(2), now_);
  EXPECT_EQ(Next(limiter), 5U);
  EXPECT_EQ(limiter.parked(), 0U);
}

TEST_F(LimiterTest, KeysTakeTurns) {
  Limiter limiter({.key_concurrency = 2});
  std::uint64_t id = 0;
  for (int i = 0; i < 3; ++i) Park(limiter, ++id, "a");
  for (int i = 0; i < 3; ++i) Park(limiter, ++id, "b");
  Park(limiter, ++id, "c");
  std::vector<std::uint64_t> order;
  while (const std::uint64_t next = Next(limiter)) order.push_back(next);
  EXPECT_EQ(order, (std::vector<std::uint64_t>{1, 4, 7, 2, 5}));
  EXPECT_EQ(limiter.BlockedKeys(10).size(), 2U);
  EXPECT_EQ(limiter.BlockedKeys(1).at(0).held, 2);
}

TEST_F(LimiterTest, AKeyOffersOneJobAtATime) {
  Limiter limiter({.key_concurrency = 2});
  for (std::uint64_t id = 1; id <= 3; ++id) Park(limiter, id, "a");
  auto first = limiter.TakeParked(now_);
  ASSERT_TRUE(first);
  EXPECT_FALSE(limiter.TakeParked(now_));
  EXPECT_EQ(Admit(limiter, 9, "a"), kKey) << "one that comes now is behind those";
  limiter.Park(*std::move(first));  // there was no room after all: it keeps its place
  EXPECT_EQ(Next(limiter), 1U);
  EXPECT_EQ(limiter.TakeParked(now_)->entry.id, JobId(2));
  limiter.Dropped(JobId(2));
  EXPECT_EQ(Next(limiter), 3U);
}

TEST_F(LimiterTest, AHeavyJobHoldsUpItsKeyOnly) {
  Limiter limiter({.key_concurrency = 2});
  EXPECT_EQ(Admit(limiter, 1, "a"), kRun);
  EXPECT_EQ(Admit(limiter, 2, "a", 2), kKey);
  Park(limiter, 2, "a", 2);
  EXPECT_EQ(Admit(limiter, 3, "a"), kKey);
  Park(limiter, 3, "a");
  EXPECT_EQ(Next(limiter), 0U);
  limiter.Release(JobId(1), now_);
  EXPECT_EQ(Next(limiter), 2U);
}

TEST_F(LimiterTest, ARateHasABurstAndThenAPace) {
  Limiter limiter({.rate = Rate{.count = 10, .period = Seconds(1), .burst = 3}});
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(Admit(limiter, id), kRun);
  EXPECT_EQ(Admit(limiter, 4), kQueue);
  EXPECT_FALSE(limiter.MayFetch("w", now_));
  EXPECT_EQ(limiter.NextChange(now_), now_ + Milliseconds(100));
  limiter.Release(JobId(1), now_);
  EXPECT_FALSE(limiter.MayFetch("w", now_)) << "a release gives no token back";
  now_ = now_ + Milliseconds(99);
  EXPECT_FALSE(limiter.MayFetch("w", now_));
  now_ = now_ + Milliseconds(1);
  EXPECT_EQ(Admit(limiter, 4), kRun);
  EXPECT_EQ(Admit(limiter, 5), kQueue);
  now_ = now_ + Hours(1);
  for (std::uint64_t id = 5; id <= 7; ++id) EXPECT_EQ(Admit(limiter, id), kRun);
  EXPECT_EQ(Admit(limiter, 8), kQueue) << "a long pause saves no more than the burst";
}

TEST_F(LimiterTest, OverALongTimeNoMoreBeginThanTheRateSays) {
  Limiter limiter({.rate = Rate{.count = 7, .period = Milliseconds(300)}});
  std::uint64_t begun = 0;
  for (int ms = 0; ms < 30'000; ++ms) {
    while (limiter.MayFetch("w", now_) && Admit(limiter, begun + 1) == kRun)
      limiter.Release(JobId(++begun), now_);
    now_ = now_ + Milliseconds(1);
  }
  EXPECT_GE(begun, 700U);
  EXPECT_LE(begun, 707U);
}

TEST_F(LimiterTest, EachKeyHasItsOwnRate) {
  Limiter limiter({.key_rate = Rate{.count = 1, .period = Seconds(1)}});
  EXPECT_EQ(Admit(limiter, 1, "a"), kRun);
  EXPECT_EQ(Admit(limiter, 2, "b"), kRun);
  EXPECT_EQ(Admit(limiter, 3, "a"), kKey);
  Park(limiter, 3, "a");
  EXPECT_EQ(Next(limiter), 0U);
  EXPECT_EQ(limiter.NextChange(now_), now_ + Seconds(1));
  now_ = now_ + Seconds(1);
  EXPECT_EQ(Next(limiter), 3U);
}

TEST_F(LimiterTest, WhatIsHeldTooLongCountsNoMore) {
  Limiter limiter({.concurrency = 1, .hold_for = Seconds(60)});
  EXPECT_EQ(Admit(limiter, 1), kRun);
  EXPECT_EQ(limiter.NextChange(now_), now_ + Seconds(60));
  now_ = now_ + Seconds(59);
  limiter.Advance(now_);
  EXPECT_EQ(Admit(limiter, 2), kQueue);
  now_ = now_ + Seconds(1);
  limiter.Advance(now_);
  EXPECT_EQ(Admit(limiter, 2), kRun);
  EXPECT_FALSE(limiter.Release(JobId(1), now_));
  EXPECT_EQ(limiter.held(), 1);
}

TEST_F(LimiterTest, LimitsMayChangeWhileJobsRun) {
  Limiter limiter({.concurrency = 1, .key_concurrency = 1});
  EXPECT_EQ(Admit(limiter, 1, "a"), kRun);
  EXPECT_EQ(Admit(limiter, 2), kQueue);
  limiter.SetLimits({.concurrency = 5, .key_concurrency = 2});
  EXPECT_EQ(Admit(limiter, 2, "a"), kRun);
  EXPECT_EQ(Admit(limiter, 3, "a"), kKey);
  Park(limiter, 3, "a");
  EXPECT_EQ(Next(limiter), 0U);
  limiter.SetLimits({.concurrency = 5, .key_concurrency = 3});
  EXPECT_EQ(Next(limiter), 3U);
  limiter.SetLimits({});
  EXPECT_EQ(Admit(limiter, 4, "a"), kRun);
  for (std::uint64_t id = 1; id <= 4; ++id) EXPECT_TRUE(limiter.Release(JobId(id), now_));
  EXPECT_EQ(limiter.held(), 0);
  now_ = now_ + Seconds(1);
  EXPECT_FALSE(limiter.TakeParked(now_));
  EXPECT_EQ(limiter.keys(), 0U);
}

TEST_F(LimiterTest, WhatRunsAtAStartIsHeld) {
  Limiter limiter({.concurrency = 1, .key_concurrency = 1});
  limiter.Hold({.id = JobId(1), .wid = "w", .key = "a"}, now_);
  limiter.Hold({.id = JobId(1), .wid = "w", .key = "a"}, now_);
  EXPECT_FALSE(limiter.MayFetch("w", now_));
  limiter.Release(JobId(1), now_);
  EXPECT_TRUE(limiter.MayFetch("w", now_));
}

TEST_F(LimiterTest, MoreKeysThanAllowedWaitUntilOthersAreForgotten) {
  Limiter limiter({.key_concurrency = 1}, {.keys_max = 2});
  EXPECT_EQ(Admit(limiter, 1, "a"), kRun);
  EXPECT_EQ(Admit(limiter, 2, "b"), kRun);
  EXPECT_EQ(Admit(limiter, 3, "c"), kKey);
  Park(limiter, 3, "c");
  EXPECT_EQ(Admit(limiter, 4, "d"), kKey);
  Park(limiter, 4, "d");
  EXPECT_EQ(Next(limiter), 0U);
  limiter.Release(JobId(1), now_);
  EXPECT_EQ(Next(limiter), 3U);
  EXPECT_EQ(Next(limiter), 0U);
  limiter.Release(JobId(3), now_);
  EXPECT_EQ(Admit(limiter, 5, "e"), kKey) << "d has waited longer";
  Park(limiter, 5, "e");
  EXPECT_EQ(Next(limiter), 4U);
}

TEST_F(LimiterTest, KeysAreForgottenWhenTheyHaveNothing) {
  Limiter limiter({.key_rate = Rate{.count = 10, .period = Seconds(1)}});
  for (std::uint64_t id = 1; id <= 100'000; ++id) {
    EXPECT_EQ(Admit(limiter, id, std::to_string(id).c_str()), kRun);
    limiter.Release(JobId(id), now_);
  }
  EXPECT_EQ(limiter.keys(), 100'000U);
  EXPECT_EQ(Admit(limiter, 100'001, "one more"), kKey);
  now_ = now_ + Seconds(1);
  limiter.Advance(now_);
  EXPECT_EQ(limiter.keys(), 0U);
}

TEST_F(LimiterTest, TextsOfParkedJobsHaveABudget) {
  Limiter limiter({.key_concurrency = 1}, {.text_bytes_max = 3});
  Admit(limiter, 1, "a");
  Park(limiter, 2, "a");
  Park(limiter, 3, "a");
  limiter.Release(JobId(1), now_);
  EXPECT_EQ(limiter.TakeParked(now_)->entry.text, "{}");
  limiter.Release(JobId(2), now_);
  EXPECT_EQ(limiter.TakeAnyParked()->entry.text, "");
  EXPECT_FALSE(limiter.TakeAnyParked());
}

TEST_F(LimiterTest, AJobThatIsTriedAgainIsHeldAsLongAsAnyOther) {
  Limiter limiter({.concurrency = 1, .hold_for = Seconds(60)});
  const MonotonicTime begin = now_;
  EXPECT_EQ(Admit(limiter, 1), kRun);
  now_ = begin + Seconds(10);
  EXPECT_TRUE(limiter.Release(JobId(1), now_));
  now_ = begin + Seconds(30);
  EXPECT_EQ(Admit(limiter, 1), kRun);
  EXPECT_EQ(limiter.NextChange(now_), begin + Seconds(90));
  now_ = begin + Seconds(61);
  limiter.Advance(now_);
  EXPECT_EQ(Admit(limiter, 2), kQueue);
  now_ = begin + Seconds(90);
  limiter.Advance(now_);
  EXPECT_EQ(Admit(limiter, 2), kRun);
}

TEST_F(LimiterTest, HeldForAShorterTimeFromNowOnEndsFirst) {
  Limiter limiter({.concurrency = 2, .hold_for = Seconds(60)});
  EXPECT_EQ(Admit(limiter, 1), kRun);
  limiter.SetLimits({.concurrency = 2, .hold_for = Seconds(5)});
  EXPECT_EQ(Admit(limiter, 2), kRun);
  now_ = now_ + Seconds(5);
  limiter.Advance(now_);
  EXPECT_EQ(Admit(limiter, 3), kRun);
}

TEST_F(LimiterTest, EmptyingThousandsOfKeysCostsLittle) {
  constexpr std::uint64_t kKeys = 20'000;
  Limiter limiter({.key_concurrency = 1});
  for (std::uint64_t i = 1; i <= kKeys; ++i) {
    const std::string key = std::to_string(i);
    Admit(limiter, i, key.c_str());
    Park(limiter, kKeys + i, key.c_str());
  }
  EXPECT_EQ(limiter.BlockedKeys(10).size(), 10U);
  const net::Micros begun = net::ThreadCpuMicros();
  std::uint64_t taken = 0;
  while (limiter.TakeAnyParked()) ++taken;
  EXPECT_EQ(taken, kKeys);
  EXPECT_LT(net::ThreadCpuMicros() - begun, 500'000);
  EXPECT_TRUE(limiter.BlockedKeys(10).empty());
}

TEST_F(LimiterTest, TextsThatOnlyMemoryHasAreKept) {
  Limiter limiter({.key_concurrency = 1}, {.text_bytes_max = 3});
  const JobId id(queue::kMemoryIds + 1);
  limiter.Park({.entry = {.id = id, .text = "long"}, .key = "a"});
  EXPECT_EQ(limiter.TakeParked(MonotonicTime{})->entry.text, "long");
}

TEST(LimitKeyOf, FindsTheValueThatAPointerNames) {
  const std::string text = R"({"jid":"j","args":[7,{"a/b":"x","~":true}],"custom":{"tenant":"t1","n":null}})";
  struct Case {
    const char* pointer;
    const char* key;
  };
  const Case cases[] = {
      {"/args/0", "7"},     {"/args/1/a~1b", "x"}, {"/args/1/~0", "true"}, {"/custom/tenant", "t1"},
      {"/custom/n", ""},    {"/custom", ""},       {"/args/2", ""},        {"/args/00", ""},
      {"/custom/none", ""}, {"/jid/0", ""},        {"", "from custom"},
  };
  const std::optional<job::Flow> flow = job::Flow{.limit_key = "from custom"};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.pointer);
    EXPECT_EQ(LimitKeyOf({.key = c.pointer, .key_concurrency = 1}, text, flow), c.key);
  }
  EXPECT_EQ(LimitKeyOf({.key = "/args/0"}, text, flow), "") << "nothing is limited by key";
  EXPECT_EQ(LimitKeyOf({.key = "/args/0", .key_concurrency = 1},
                       R"({"args":[")" + std::string(300, 'x') + R"("]})", flow)
                .size(),
            64U);
}

TEST(QueueLimits, AreCheckedWithWhatIsAccepted) {
  EXPECT_TRUE(Check({.concurrency = 1, .rate = Rate{}, .key = "/args/0", .hold_for = Seconds(60)}));
  EXPECT_EQ(Check({.concurrency = -1}).error().detail, "concurrency must be 0 to 1000000; 0: no limit");
  EXPECT_EQ(Check({.rate = Rate{.count = 0}}).error().detail, "rate: the count must be 1 to 1000000");
  EXPECT_EQ(Check({.key_rate = Rate{.period = Duration()}}).error().detail,
            "key_rate: the period must be 1 ms to 31 days");
  for (const char* key : {"args/0", "/a~", "/a~2"}) EXPECT_FALSE(Check({.key = key})) << key;
}

}  // namespace
}  // namespace tidemill::jobs
