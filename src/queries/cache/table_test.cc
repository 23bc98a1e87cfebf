#include "queries/cache/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>

#include "net/testing/slowdown.h"
#include "queries/cache/testing/fake_query.h"

namespace tidemill::queries {
namespace {

using testing::JsonOf;
using testing::KeyOf;

CacheKey Numbered(std::int64_t number) { return KeyOf("e", {number}); }

class AnswerTableTest : public ::testing::Test {
 protected:
  CacheEntry EntryOf(std::string body) {
    return {
        .answer = CachedAnswer::Make(JsonOf(std::move(body))), .dependencies = dependencies_, .seen = {0}};
  }
  std::size_t Insert(AnswerTable& table, std::int64_t number, std::size_t body_bytes = 100) {
    std::vector<AnswerPtr> gone;
    EXPECT_TRUE(table.Insert(Numbered(number), EntryOf(std::string(body_bytes, 'x')), gone));
    return gone.size();
  }

  Generations generations_;
  std::shared_ptr<const Dependencies> dependencies_ = generations_.Depend({});
};

TEST_F(AnswerTableTest, GivesWhatWasPutIn) {
  AnswerTable table(1 << 20);
  EXPECT_EQ(table.Find(Numbered(1)), nullptr);
  std::vector<AnswerPtr> gone;
  ASSERT_TRUE(table.Insert(Numbered(1), EntryOf("one"), gone));
  ASSERT_TRUE(table.Insert(Numbered(2), EntryOf("two"), gone));
  EXPECT_EQ(table.Find(Numbered(1))->answer->response.body, "one");
  EXPECT_EQ(table.Find(Numbered(2))->answer->response.body, "two");
  EXPECT_TRUE(gone.empty());

  ASSERT_TRUE(table.Insert(Numbered(1), EntryOf("another"), gone));
  EXPECT_EQ(table.Find(Numbered(1))->answer->response.body, "another");
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_EQ(gone[0]->response.body, "one");
  EXPECT_EQ(table.size(), 2u);
  EXPECT_EQ(table.evictions(), 0u);

  table.Erase(Numbered(1));
  table.Erase(Numbered(1));
  EXPECT_EQ(table.Find(Numbered(1)), nullptr);
  table.Erase(Numbered(2));
  EXPECT_EQ(table.bytes(), 0u);
}

TEST_F(AnswerTableTest, DoesNotTakeWhatIsLargerThanItself) {
  AnswerTable table(4000);
  Insert(table, 1);
  std::vector<AnswerPtr> gone;
  EXPECT_FALSE(table.Insert(Numbered(2), EntryOf(std::string(4000, 'x')), gone));
  EXPECT_NE(table.Find(Numbered(1)), nullptr);
  EXPECT_EQ(table.Find(Numbered(2)), nullptr);
  // Nor does it keep the smaller answer of before under that key.
  EXPECT_FALSE(table.Insert(Numbered(1), EntryOf(std::string(4000, 'x')), gone));
  EXPECT_EQ(table.Find(Numbered(1)), nullptr);
}

// Random insertions, look-ups and erasures of many sizes, beside a map of what was put in last.
TEST_F(AnswerTableTest, StaysInItsBoundAndNeverGivesAnotherKeysAnswer) {
  constexpr std::size_t kBytesMax = 100'000;
  AnswerTable table(kBytesMax);
  std::map<std::int64_t, std::string> last;
  std::mt19937 random(3);
  for (int i = 0; i < 50'000; ++i) {
    const std::int64_t number = static_cast<std::int64_t>(random() % 500);
    const std::uint32_t what = random() % 10;
    if (what == 0) {
      table.Erase(Numbered(number));
      last.erase(number);
    } else if (what < 4) {
      std::string body = std::to_string(number) + ":" + std::string(random() % 5000, 'x');
      std::vector<AnswerPtr> gone;
      ASSERT_TRUE(table.Insert(Numbered(number), EntryOf(body), gone));
      last[number] = std::move(body);
    } else if (const CacheEntry* entry = table.Find(Numbered(number))) {
      ASSERT_TRUE(last.contains(number));
      ASSERT_EQ(entry->answer->response.body, last[number]);
    }
    ASSERT_LE(table.bytes(), kBytesMax);
  }
  EXPECT_GT(table.evictions(), 1000u);
  EXPECT_GT(table.bytes(), kBytesMax / 2);
  for (int i = 0; i < 500; ++i) table.Erase(Numbered(i));
  EXPECT_EQ(table.bytes(), 0u);
  EXPECT_EQ(table.size(), 0u);
}

TEST_F(AnswerTableTest, AScanDoesNotPushOutWhatIsAskedOften) {
  AnswerTable table(300 * 1000);
  constexpr int kOften = 100;
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < kOften; ++i) {
      if (table.Find(Numbered(i)) == nullptr) Insert(table, i, 400);
    }
  }
  for (std::int64_t page = 1000; page < 20'000; ++page) Insert(table, page, 400);
  int left = 0;
  for (int i = 0; i < kOften; ++i) left += table.Find(Numbered(i)) != nullptr;
  EXPECT_EQ(left, kOften);
}

TEST_F(AnswerTableTest, WhatComesAgainSoonStays) {
  AnswerTable table(100 * 1000);
  std::int64_t next = 1000;
  const auto insert_others = [&](int count) {
    for (int i = 0; i < count; ++i) Insert(table, next++);
  };
  // A main queue of answers that were asked for twice, then newcomers.
  insert_others(100);
  for (std::int64_t i = 1000; i < 1100; ++i) {
    table.Find(Numbered(i));
    table.Find(Numbered(i));
  }
  insert_others(200);
  Insert(table, 1);
  insert_others(60);
  ASSERT_EQ(table.Find(Numbered(1)), nullptr);
  Insert(table, 1);
  insert_others(60);
  EXPECT_NE(table.Find(Numbered(1)), nullptr);
}

// However often everything is asked for, an insertion moves few entries.
TEST_F(AnswerTableTest, AnInsertionIntoAHotTableIsBounded) {
  AnswerTable table(20u << 20);
  std::int64_t number = 0;
  while (table.evictions() == 0) Insert(table, number++, 10);
  for (int round = 0; round < 3; ++round) {
    for (std::int64_t i = 0; i < number; ++i) table.Find(Numbered(i));
  }
  const std::int64_t before = MonotonicMicros();
  Insert(table, number, 10);
  EXPECT_LT(MonotonicMicros() - before, 20'000 * net::testing::kSlowdown);
  EXPECT_EQ(table.evictions(), 2u);
}

}  // namespace
}  // namespace tidemill::queries
