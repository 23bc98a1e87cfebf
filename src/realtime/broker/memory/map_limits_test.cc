// The limits of map channels in memory, and how long a loop works on large ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "net/next_turn.h"
#include "net/testing/slowdown.h"
#include "net/turn_meter.h"
#include "realtime/broker/memory/memory_broker.h"
#include "realtime/broker/testing/broker_fixture.h"

namespace tidemill::broker {
namespace {

using testing::Backend;
using testing::BrokerFixture;

class MapBackend final : public Backend {
 public:
  MapBackend(const std::vector<net::Loop*>& loops, MemoryBrokerLimits limits)
      : shards_(MakeMemoryBrokerShards(loops, limits)), shard_(shards_->TakeShard(0)) {}
  Broker& broker(std::size_t) override { return *shard_.broker; }
  PresenceStore& presence(std::size_t) override { return *shard_.presence; }
  MapBroker& maps(std::size_t) override { return *shard_.maps; }
  MemoryBrokerShards& shards() { return *shards_; }

 private:
  std::unique_ptr<MemoryBrokerShards> shards_;
  LoopBroker shard_;
};

constexpr StreamSettings kChanges{.size = 100, .ttl = Seconds(60), .meta_ttl = Seconds(600)};
constexpr MapSettings kMap{.stream = kChanges, .key_ttl = Seconds(60)};

class MapLimitsTest : public ::testing::Test {
 protected:
  void Open(MemoryBrokerLimits limits) {
    fixture_ = std::make_unique<BrokerFixture>(1, [this, limits](const std::vector<net::Loop*>& loops) {
      auto backend = std::make_unique<MapBackend>(loops, limits);
      shards_ = &backend->shards();
      return backend;
    });
  }
  Result<MapOutcome> Put(std::string key, std::string data, std::string user = "") {
    return fixture_->Await<Result<MapOutcome>>(0, [&] {
      Publication publication;
      publication.key = key;
      publication.data = data;
      if (!user.empty()) publication.info = ClientInfo{.user = user, .client = "c"};
      return fixture_->maps(0).Publish(ChannelName("a"), std::move(publication), {.map = kMap});
    });
  }
  Result<MapOutcome> Remove(std::string key) {
    return fixture_->Await<Result<MapOutcome>>(
        0, [&] { return fixture_->maps(0).Remove(ChannelName("a"), key, {.map = kMap}); });
  }
  MemoryBrokerStats Stats() { return shards_->Stats(); }

  MemoryBrokerShards* shards_ = nullptr;
  std::unique_ptr<BrokerFixture> fixture_;
};

TEST_F(MapLimitsTest, RefusesAKeyOverTheChannelsKeys) {
  Open({.map = {.keys_max = 2}});
  ASSERT_TRUE(Put("k1", "1") && Put("k2", "1"));
  const auto third = Put("k3", "1");
  ASSERT_TRUE(third);
  EXPECT_EQ(third->unchanged, Unchanged::kChannelFull);
  EXPECT_EQ(Stats().map_refused_for_keys, 1u);
  EXPECT_EQ(Stats().map_keys, 2u);
  EXPECT_EQ(Put("k2", "2")->unchanged, Unchanged::kNo) << "a key that is there can be changed";
  ASSERT_TRUE(Remove("k1"));
  EXPECT_EQ(Put("k3", "1")->unchanged, Unchanged::kNo);
}

TEST_F(MapLimitsTest, RefusesBytesOverTheChannelsBytes) {
  Open({.map = {.bytes_max = 100}});
  ASSERT_TRUE(Put("k1", std::string(60, 'x')));
  const auto second = Put("k2", std::string(60, 'x'));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->unchanged, Unchanged::kChannelFull);
  EXPECT_EQ(Stats().map_refused_for_bytes, 1u);
  EXPECT_EQ(Put("k1", std::string(90, 'x'))->unchanged, Unchanged::kNo) << "what is replaced makes room";
  EXPECT_EQ(Put("k1", std::string(99, 'x'))->unchanged, Unchanged::kChannelFull);
}

TEST_F(MapLimitsTest, AStateTakesHistoryBytesAndGivesThemBack) {
  Open({.history_bytes_max = 64 * 1024});
  ASSERT_TRUE(fixture_->Subscribe(0, "a", {.stream = kChanges}));
  std::uint64_t kept = 0;
  Result<MapOutcome> outcome;
  while ((outcome = Put("k" + std::to_string(kept), std::string(1000, 'x')))) ++kept;
  EXPECT_EQ(outcome.error().code, Errc::kLimitExceeded);
  EXPECT_GT(kept, 10u);
  EXPECT_LE(Stats().history_bytes, 64u * 1024);
  EXPECT_EQ(Stats().history_refused, 1u);
  EXPECT_EQ(fixture_->TakeLines(0).size(), kept) << "what was refused was not delivered";
  ASSERT_TRUE(fixture_->Await<Result<void>>(0, [&] { return fixture_->maps(0).Clear(ChannelName("a")); }));
  fixture_->Settle();
  EXPECT_EQ(Stats().history_bytes, 0u);
  EXPECT_EQ(Stats().history_publications, 0u);
  EXPECT_EQ(Stats().map_keys, 0u);
  EXPECT_EQ(Stats().map_channels, 0u);
}

TEST_F(MapLimitsTest, EverythingIsGivenBackKeyByKey) {
  Open({});
  for (int n = 0; n < 300; ++n) ASSERT_TRUE(Put("k" + std::to_string(n % 100), "x", "u"));
  for (int n = 0; n < 50; ++n) ASSERT_TRUE(Remove("k" + std::to_string(n)));
  EXPECT_EQ(Stats().map_keys, 50u);
  fixture_->Advance(Seconds(61));
  for (int turns = 0; turns < 5; ++turns) fixture_->Settle();
  EXPECT_EQ(Stats().map_keys, 0u);
  EXPECT_EQ(Stats().map_keys_expired, 50u);
  fixture_->Advance(Seconds(61));
  EXPECT_EQ(Stats().history_publications, 0u) << "the changes expire too";
  fixture_->Advance(Seconds(601));
  EXPECT_EQ(Stats().history_bytes, 0u);
  EXPECT_EQ(Stats().channels, 0u);
}

TEST_F(MapLimitsTest, OneUsersClientsHaveTheirShare) {
  Open({.history_bytes_max = 1 << 20, .history_bytes_per_user_max = 20'000});
  Result<MapOutcome> outcome;
  int kept = 0;
  while ((outcome = Put("k" + std::to_string(kept), std::string(1000, 'x'), "greedy"))) ++kept;
  EXPECT_EQ(outcome.error().code, Errc::kLimitExceeded);
  EXPECT_LT(kept, 20);
  EXPECT_TRUE(Put("other", "x", "modest"));
}

// Many keys: read page by page, expired, cleared, and never a long turn.
class LargeMapTest : public MapLimitsTest {
 protected:
  static constexpr std::uint32_t kPage = 1000;

  void Fill(std::uint32_t keys) {
    Open({});
    fixture_->Run(0, [this, keys] { fixture_->scope(0).Spawn(Publish(fixture_->maps(0), keys)); });
    while (Stats().map_keys < keys) fixture_->Settle();
    (void)LongestTurn();
  }
  static Task<void> Publish(MapBroker& maps, std::uint32_t keys) {
    MapPublishOptions options{.map = kMap};
    for (std::uint32_t n = 0; n < keys; ++n) {
      Publication publication;
      publication.key = "key-" + std::to_string(n * 7919 % keys);
      publication.data = "{}";
      EXPECT_TRUE(co_await maps.Publish(ChannelName("a"), std::move(publication), options));
    }
  }
  static Task<std::uint32_t> ReadAll(MapBroker& maps, BrokerFixture& fixture) {
    MapStateQuery query{.limit = kPage};
    std::uint32_t keys = 0;
    do {
      const auto page = co_await maps.ReadState(ChannelName("a"), query, kMap);
      keys += static_cast<std::uint32_t>(page->entries.size());
      query.cursor = page->cursor;
      co_await net::NextTurn(fixture.loop(0));
    } while (!query.cursor.empty());
    co_return keys;
  }

  // Since the last call, in CPU time; on a busy machine it is said longer than it was.
  net::Micros LongestTurn() {
    net::Micros longest = 0;
    fixture_->Settle();
    fixture_->Run(0, [&] { longest = fixture_->loop(0).meter().TakeLongest().cpu; });
    return longest;
  }
};

TEST_F(LargeMapTest, AHundredThousandKeysAreReadAndClearedInShortTurns) {
  constexpr std::uint32_t kKeys = 100'000;
#ifdef __OPTIMIZE__
  constexpr net::Micros kReadMax = 1000;
#else
  constexpr net::Micros kReadMax = 5000;
#endif
  Fill(kKeys);
  net::Micros longest = net::TurnMeter::kLong * 1000;
  for (int n = 0; n < 3; ++n) {
    const auto keys =
        fixture_->Await<std::uint32_t>(0, [&] { return ReadAll(fixture_->maps(0), *fixture_); });
    EXPECT_EQ(keys, kKeys);
    longest = std::min(longest, LongestTurn());
  }
  EXPECT_LE(longest, kReadMax * net::testing::kSlowdown);

  ASSERT_TRUE(fixture_->Await<Result<void>>(0, [&] { return fixture_->maps(0).Clear(ChannelName("a")); }));
  while (Stats().map_keys > 0) fixture_->Settle();
  EXPECT_EQ(Stats().history_bytes, 0u);
  EXPECT_LE(LongestTurn(), net::TurnMeter::kLong * 4 * net::testing::kSlowdown);
}

TEST_F(LargeMapTest, ExpiresInShortTurns) {
  constexpr std::uint32_t kKeys = 20'000;
  Fill(kKeys);
  fixture_->Advance(Seconds(61));
  while (Stats().map_keys > 0) fixture_->Settle();
  EXPECT_EQ(Stats().map_keys_expired, kKeys);
  EXPECT_LE(LongestTurn(), net::TurnMeter::kLong * 4 * net::testing::kSlowdown);
}

}  // namespace
}  // namespace tidemill::broker
