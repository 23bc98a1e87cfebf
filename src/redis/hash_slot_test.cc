#include "redis/hash_slot.h"

#include <gtest/gtest.h>

#include <map>

#include "redis/sharded.h"

namespace tidemill::redis {
namespace {

TEST(HashTag, IsWhatStandsInTheFirstBraces) {
  struct Case {
    std::string_view key;
    std::string_view tag;
  };
  const Case cases[] = {{"", ""},         {"key", "key"},     {"{tag}", "tag"},     {"a{tag}b", "tag"},
                        {"a{}b", "a{}b"}, {"a{b", "a{b"},     {"a}b{c", "a}b{c"},   {"a{{b}}c", "{b"},
                        {"{a}{b}", "a"},  {"{}{b}", "{}{b}"}, {"p.{.x}.{y}", ".x"}, {"}{a}", "a"}};
  for (const Case& c : cases) EXPECT_EQ(HashTag(c.key), c.tag) << c.key;
}

// "123456789" has the CRC 0x31c3 (cluster specification, appendix A); the others are what Redis 7 answers to
// CLUSTER KEYSLOT.
TEST(SlotOf, IsThatOfRedis) {
  EXPECT_EQ(SlotOf("123456789"), 0x31c3 % kSlots);
  EXPECT_EQ(SlotOf(""), 0);
  EXPECT_EQ(SlotOf("foo"), 12182);
  EXPECT_EQ(SlotOf("bar"), 5061);
  EXPECT_EQ(SlotOf("x{foo}y"), 12182);
  EXPECT_EQ(SlotOf("\xff"), 7920);
}

TEST(TagInSlot, GivesATagForEverySlot) {
  for (const std::uint16_t slot : std::initializer_list<std::uint16_t>{0, 1, 5460, 5461, 12182, 16383}) {
    EXPECT_EQ(SlotOf("prefix.{" + TagInSlot(slot) + "}"), slot);
  }
}

TEST(JumpHash, IsThatOfOthers) {
  EXPECT_EQ(JumpHash(1, 1), 0U);
  EXPECT_EQ(JumpHash(42, 57), 43U);
  EXPECT_EQ(JumpHash(0xDEAD10CC, 666), 361U);
  EXPECT_EQ(JumpHash(256, 1024), 520U);
}

TEST(JumpHash, MovesOnlyToTheNewBucket) {
  std::map<std::size_t, int> taken;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const std::uint64_t hash = i * 0x9e3779b97f4a7c15;
    EXPECT_EQ(JumpHash(hash, 1), 0U);
    for (std::size_t buckets = 1; buckets < 10; ++buckets) {
      const std::size_t before = JumpHash(hash, buckets);
      const std::size_t after = JumpHash(hash, buckets + 1);
      EXPECT_TRUE(after == before || after == buckets);
    }
    ++taken[JumpHash(hash, 10)];
  }
  for (const auto& [bucket, count] : taken) EXPECT_NEAR(count, 1000, 150) << bucket;
}

// Where data lies must never change from one version to the next.
TEST(ShardOf, StaysAsItIs) {
  EXPECT_EQ(ShardOf("tidemill.stream.{.chat}", 5), ShardOf("tidemill.meta.{.chat}", 5));
  std::string shards;
  for (const char* key : {"a", "b", "c", "chat:1", "chat:2", "news", "{.x}", ""}) {
    shards += std::to_string(ShardOf(key, 5));
  }
  EXPECT_EQ(shards, "23003341");
}

}  // namespace
}  // namespace tidemill::redis
