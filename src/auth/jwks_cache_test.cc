#include "auth/jwks_cache.h"

#include <gtest/gtest.h>

namespace tidemill::auth {
namespace {

using State = JwksCache::State;

class JwksCacheTest : public ::testing::Test {
 protected:
  static constexpr JwksTimes kTimes{.keys_ttl = Seconds(100),
                                    .stale_ttl = Seconds(50),
                                    .missing_ttl = Seconds(30),
                                    .fetch_interval = Seconds(1)};

  static KeySet SetWith(std::initializer_list<std::string> key_ids) {
    KeySet set;
    for (const std::string& key_id : key_ids) {
      set.keys.emplace(key_id, *MakeEd25519Key(std::string(32, key_id.back()), std::nullopt));
    }
    return set;
  }
  static Result<KeySet> Failure() { return Fail(Errc::kUnavailable, "down"); }

  // Asks, and where that wants a fetch, ends it with `set`.
  void Fetch(Result<KeySet> set) {
    const JwksCache::Answer answer = cache_.Find("any", now_);
    ASSERT_TRUE(answer.fetch);
    cache_.OnFetched(std::move(set), now_);
  }

  // Asks, and where that fetched, what is known when the fetch has brought `set`.
  State Ask(std::string_view key_id, Result<KeySet> set) {
    const JwksCache::Answer answer = cache_.Find(key_id, now_);
    EXPECT_TRUE(answer.fetch);
    EXPECT_EQ(answer.state, State::kWait);
    cache_.OnFetched(std::move(set), now_);
    return cache_.FindAfter(key_id, answer.shown_by, now_).state;
  }

  void Advance(Duration by) { now_ = now_ + by; }

  JwksCache cache_{kTimes};
  MonotonicTime now_{1'000'000};
};

TEST_F(JwksCacheTest, TheFirstQuestionFetchesAndOthersWaitForIt) {
  const JwksCache::Answer first = cache_.Find("a", now_);
  EXPECT_EQ(first.state, State::kWait);
  EXPECT_TRUE(first.fetch);
  for (const char* key_id : {"a", "b", "c"}) {
    const JwksCache::Answer other = cache_.Find(key_id, now_);
    EXPECT_EQ(other.state, State::kWait);
    EXPECT_FALSE(other.fetch) << "one fetch at a time";
  }
  cache_.OnFetched(SetWith({"a"}), now_);
  EXPECT_EQ(cache_.FindAfter("a", first.shown_by, now_).state, State::kFound);
  EXPECT_NE(cache_.FindAfter("a", first.shown_by, now_).key, nullptr);
}

TEST_F(JwksCacheTest, OnlyAFetchBegunAfterTheQuestionShowsThatAKeyIsMissing) {
  const JwksCache::Answer asked_for_it = cache_.Find("b", now_);
  const JwksCache::Answer came_later = cache_.Find("b", now_);
  cache_.OnFetched(SetWith({"a"}), now_);
  EXPECT_EQ(cache_.FindAfter("b", asked_for_it.shown_by, now_).state, State::kMissing);
  EXPECT_EQ(cache_.FindAfter("b", came_later.shown_by, now_).state, State::kNotYet)
      << "the endpoint may have had it when that question came";
}

TEST_F(JwksCacheTest, AKeyThatMayNotBeFetchedYetIsNotMissing) {
  Fetch(SetWith({"a"}));
  Advance(Milliseconds(999));
  const JwksCache::Answer early = cache_.Find("b", now_);
  EXPECT_EQ(early.state, State::kNotYet);
  EXPECT_FALSE(early.fetch);
  Advance(Milliseconds(1));
  EXPECT_EQ(Ask("b", SetWith({"a", "b"})), State::kFound);
}

TEST_F(JwksCacheTest, KnownKeysNeedNoFetchWithinTheirTime) {
  Fetch(SetWith({"a"}));
  Advance(Milliseconds(99'999));
  const JwksCache::Answer answer = cache_.Find("a", now_);
  EXPECT_EQ(answer.state, State::kFound);
  EXPECT_FALSE(answer.fetch);
}

TEST_F(JwksCacheTest, AnOldSetServesWhileItIsFetchedAgain) {
  Fetch(SetWith({"a"}));
  Advance(Seconds(100));
  const JwksCache::Answer answer = cache_.Find("a", now_);
  EXPECT_EQ(answer.state, State::kFound) << "nobody waits";
  EXPECT_TRUE(answer.fetch);
  EXPECT_FALSE(cache_.Find("a", now_).fetch);
  cache_.OnFetched(SetWith({"b"}), now_);
  EXPECT_EQ(cache_.Find("a", now_).state, State::kNotYet) << "a removed key is gone at once";
  EXPECT_EQ(cache_.Find("b", now_).state, State::kFound);
}

TEST_F(JwksCacheTest, AnOldSetServesOnlySoLongWhileTheEndpointFails) {
  Fetch(SetWith({"a"}));
  Advance(Seconds(100));
  Fetch(Failure());
  EXPECT_EQ(cache_.Find("a", now_).state, State::kFound);
  EXPECT_EQ(cache_.Find("b", now_).state, State::kUnavailable) << "it may be in the set of today";
  Advance(Milliseconds(49'999));
  EXPECT_EQ(Ask("c", Failure()), State::kUnavailable);
  EXPECT_EQ(cache_.Find("a", now_).state, State::kFound);
  Advance(Milliseconds(1));
  EXPECT_EQ(cache_.Find("a", now_).state, State::kUnavailable);
  Advance(Seconds(1));
  EXPECT_EQ(Ask("a", Failure()), State::kUnavailable);
}

TEST_F(JwksCacheTest, AFailureIsTriedAgainAfterTheInterval) {
  Fetch(Failure());
  Advance(Milliseconds(999));
  const JwksCache::Answer early = cache_.Find("a", now_);
  EXPECT_EQ(early.state, State::kUnavailable);
  EXPECT_FALSE(early.fetch);
  Advance(Milliseconds(1));
  EXPECT_TRUE(cache_.Find("a", now_).fetch);
  cache_.OnFetched(SetWith({"a"}), now_);
  EXPECT_EQ(cache_.Find("a", now_).state, State::kFound);
}

TEST_F(JwksCacheTest, ANewKeyIsFetchedWhenItIsFirstAskedFor) {
  Fetch(SetWith({"a"}));
  Advance(Seconds(10));
  EXPECT_EQ(Ask("b", SetWith({"a", "b"})), State::kFound);
}

TEST_F(JwksCacheTest, AMissingKeyIsNotFetchedForAgainForAWhile) {
  EXPECT_EQ(Ask("b", SetWith({"a"})), State::kMissing);
  Advance(Milliseconds(29'999));
  const JwksCache::Answer within = cache_.Find("b", now_);
  EXPECT_EQ(within.state, State::kNotYet) << "nobody has asked the endpoint since";
  EXPECT_FALSE(within.fetch);
  Advance(Milliseconds(1));
  EXPECT_EQ(Ask("b", SetWith({"a"})), State::kMissing);
}

TEST_F(JwksCacheTest, AKeyRememberedAsMissingIsFoundOnceTheSetHasIt) {
  EXPECT_EQ(Ask("b", SetWith({"a"})), State::kMissing);
  Advance(Seconds(2));
  EXPECT_EQ(Ask("c", SetWith({"a", "b"})), State::kMissing);
  EXPECT_EQ(cache_.Find("b", now_).state, State::kFound);
}

TEST_F(JwksCacheTest, AFloodOfMadeUpKeysFetchesOnceASecondAndSpoilsNothing) {
  Fetch(SetWith({"a"}));
  int fetches = 0;
  for (int i = 0; i < 10'000; ++i) {  // one each millisecond
    Advance(Milliseconds(1));
    const JwksCache::Answer answer = cache_.Find("made-up-" + std::to_string(i), now_);
    if (answer.fetch) {
      ++fetches;
      cache_.OnFetched(SetWith({"a"}), now_);
    }
    const JwksCache::Answer good = cache_.Find("a", now_);
    ASSERT_EQ(good.state, State::kFound);
    ASSERT_FALSE(good.fetch);
  }
  EXPECT_LE(fetches, 10);
  EXPECT_GE(fetches, 1);
}

}  // namespace
}  // namespace tidemill::auth
