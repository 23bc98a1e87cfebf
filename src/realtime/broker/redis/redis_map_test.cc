// What maps are in Redis beside the contract: their form, what is left of them when Redis loses a part,
// limits.
#include <gtest/gtest.h>

#include <algorithm>

#include "realtime/broker/redis/testing/redis_backend.h"

namespace tidemill::broker {
namespace {

using testing::BackendFactory;
using testing::BrokerFixture;
using testing::kStream;
using testing::Recover;
using testing::RedisBackend;
using testing::RedisBroker;
using testing::Server;

class RedisMap : public RedisBroker {
 protected:
  static constexpr MapSettings kMap{.stream = kStream, .key_ttl = Seconds(60)};

  Result<MapOutcome> Put(std::string key, std::string data, MapPublishOptions options = {.map = kMap}) {
    return fixture.Await<Result<MapOutcome>>(0, [&] {
      Publication publication;
      publication.key = key;
      publication.data = data;
      return fixture.maps(0).Publish(ChannelName("a"), std::move(publication), options);
    });
  }
  Result<MapOutcome> Remove(std::string channel, std::string key, MapSettings map = kMap) {
    return fixture.Await<Result<MapOutcome>>(
        0, [&] { return fixture.maps(0).Remove(ChannelName(channel), key, {.map = map}); });
  }
  Result<MapStats> Stats() {
    return fixture.Await<Result<MapStats>>(0, [&] { return fixture.maps(0).Stats(ChannelName("a")); });
  }
  // Time passes for Redis alone, so that no node removes the key first.
  void LetKeyExpireUnnoticed(std::string_view key) {
    EXPECT_EQ(Ask("ZADD", ".map.expiry.{.a}", {"XX", "CH", "1", std::string(key)}).integer, 1);
  }
  std::string Keys() {
    const auto page = fixture.Await<Result<MapPage>>(
        1, [&] { return fixture.maps(1).ReadState(ChannelName("a"), {.limit = 100}, kMap); });
    if (!page) return page.error().detail;
    std::string keys;
    for (const PublicationPtr& entry : page->entries) {
      keys += entry->key + "@" + std::to_string(entry->offset) + " ";
    }
    return keys;
  }
};

TEST_F(RedisMap, IsKeptAsItsFormatDocumentSays) {
  const auto put = Put("k", "12345");
  ASSERT_TRUE(put);
  const redis::Reply value = Ask("HGET", ".map.data.{.a}", {"k"});
  const std::string begin = "6:1:" + put->position.epoch + ":0:0:";
  EXPECT_TRUE(value.text.starts_with(begin)) << value.text;
  EXPECT_EQ(Ask("HGET", ".meta.{.a}", {"k"}).text, "1");
  EXPECT_EQ(Ask("HGET", ".meta.{.a}", {"b"}).text, "6");
  EXPECT_EQ(Ask("HGET", ".meta.{.a}", {"z"}).text, "100:60000");
  EXPECT_EQ(Ask("ZSCORE", ".map.order.{.a}", {"k"}).text, "0");
  for (const char* key : {".meta.{.a}", ".map.data.{.a}", ".map.order.{.a}", ".map.expiry.{.a}"}) {
    EXPECT_GT(Pttl(key), Seconds(590).ms) << key;
    EXPECT_LE(Pttl(key), Seconds(600).ms) << key;
  }
}

TEST_F(RedisMap, BeginsAnewWhereRedisEvictedAPartOfIt) {
  for (const char* lost : {".map.data.{.a}", ".map.order.{.a}", ".map.expiry.{.a}", ".meta.{.a}"}) {
    SCOPED_TRACE(lost);
    ASSERT_TRUE(fixture.Subscribe(0, "a", {.stream = kStream}));
    const auto before = Put("k", "1");
    ASSERT_TRUE(before);
    (void)fixture.TakeLines(0);
    EXPECT_EQ(Ask("DEL", lost).integer, 1);
    const auto after = Put("l", "2");
    ASSERT_TRUE(after);
    EXPECT_NE(after->position.epoch, before->position.epoch);
    EXPECT_EQ(Keys(), "l@1 ");
    fixture.Settle();
    const auto lines = fixture.TakeLines(0);
    EXPECT_NE(std::ranges::find(lines, "a lost"), lines.end());
    ASSERT_TRUE(fixture.Await<Result<void>>(0, [&] { return fixture.maps(0).Clear(ChannelName("a")); }));
    fixture.Unsubscribe(0, "a");
  }
}

TEST_F(RedisMap, BeginsAnewWhereAReadOfItsStreamFoundTheMetaGone) {
  ASSERT_TRUE(Put("k", "12345"));
  EXPECT_EQ(Ask("DEL", ".meta.{.a}").integer, 1);
  ASSERT_TRUE(fixture.History(0, "a", {}, kStream));
  EXPECT_EQ(Keys(), "");
  ASSERT_TRUE(Put("l", "2"));
  EXPECT_EQ(Keys(), "l@1 ");
  EXPECT_EQ(Stats()->bytes, 2u);
}

TEST_F(RedisMap, ASweepNoticesThatRedisEvictedWhenKeysExpire) {
  ASSERT_TRUE(fixture.Subscribe(0, "a", {.stream = kStream, .keys_expire = true}));
  ASSERT_TRUE(Put("k", "1"));
  fixture.Advance(Milliseconds(600));
  (void)fixture.TakeLines(0);
  EXPECT_EQ(Ask("DEL", ".map.expiry.{.a}").integer, 1);
  fixture.Advance(Seconds(61));
  fixture.Advance(Seconds(51));  // to the next look at the position: that one came beside the sweep
  EXPECT_EQ(fixture.TakeLines(0), (std::vector<std::string>{"a lost"}));
  EXPECT_GT(Pttl(".meta.{.a}"), 0) << "it does not stay for ever";
}

TEST_F(RedisMap, AStreamThatFellBackKeepsTheState) {
  ASSERT_TRUE(fixture.Subscribe(0, "a", {.stream = kStream}));
  ASSERT_TRUE(Put("k", "12345") && Put("l", "1"));
  (void)fixture.TakeLines(0);
  ASSERT_FALSE(Ask("XTRIM", ".stream.{.a}", {"MAXLEN", "0"}).is_error());
  ASSERT_FALSE(Ask("HSET", ".meta.{.a}", {"s", "1"}).is_error());
  fixture.Advance(Seconds(51));
  EXPECT_EQ(fixture.TakeLines(0), (std::vector<std::string>{"a lost"}));
  EXPECT_EQ(Keys(), "k@0 l@0 ");
  EXPECT_EQ(Ask("HGET", ".meta.{.a}", {"b"}).text, "8") << "what the limits count";

  const StreamPosition seen = fixture.History(0, "a", {}, kStream)->top;
  LetKeyExpireUnnoticed("k");
  EXPECT_EQ(Keys(), "l@0 ");
  const auto back = fixture.Subscribe(1, "a", Recover(seen));
  ASSERT_TRUE(back && back->recovered);
  ASSERT_EQ(back->publications.size(), 1u);
  EXPECT_TRUE(back->publications[0]->removed);
}

TEST_F(RedisMap, AKeyWhoseTimeIsOverIsNotThereThoughNobodyRemovedItYet) {
  ASSERT_TRUE(fixture.Subscribe(0, "a", {.stream = kStream}));
  MapPublishOptions versioned{.map = kMap};
  versioned.version = 5;
  const auto why = [&](MapPublishOptions options) {
    EXPECT_EQ(Put("k", "1", versioned)->unchanged, Unchanged::kNo);
    LetKeyExpireUnnoticed("k");
    (void)fixture.TakeLines(0);
    const auto put = Put("k", "2", std::move(options));
    return put ? put->unchanged : Unchanged::kChannelFull;
  };
  EXPECT_EQ(why({.map = kMap, .condition = KeyCondition::kIfNew}), Unchanged::kNo);
  EXPECT_EQ(fixture.TakeLines(0), (std::vector<std::string>{"a removed 2 k", "a key 3 k 2"}));
  ASSERT_TRUE(Remove("a", "k"));
  EXPECT_EQ(why({.map = kMap, .condition = KeyCondition::kIfNewElseRefresh}), Unchanged::kNo);
  ASSERT_TRUE(Remove("a", "k"));
  EXPECT_EQ(why({.map = kMap, .condition = KeyCondition::kIfExists}), Unchanged::kKeyNotFound);
  EXPECT_EQ(why(versioned), Unchanged::kNo) << "its version went with it";

  LetKeyExpireUnnoticed("k");
  (void)fixture.TakeLines(0);
  const auto removed = Remove("a", "k");
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->unchanged, Unchanged::kKeyNotFound);
  EXPECT_EQ(fixture.TakeLines(0).size(), 1u) << "its removal is told once";
  EXPECT_EQ(Stats()->keys, 0u);
}

// A lock that another node took: who is refused it learns soon when it is free.
TEST_F(RedisMap, WhoIsRefusedAKeyWatchesWhenItGoes) {
  ASSERT_TRUE(fixture.Subscribe(1, "a", {.stream = kStream}));
  const auto ttl = [](Duration key_ttl) { return MapSettings{.stream = kStream, .key_ttl = key_ttl}; };
  ASSERT_TRUE(Put("k", "1", {.map = ttl(Hours(1))}));
  fixture.Advance(Seconds(1));  // the loop knows: in an hour
  (void)fixture.TakeLines(1);
  LetKeyExpireUnnoticed("k");
  const auto refused = fixture.Await<Result<MapOutcome>>(1, [&] {
    Publication publication;
    publication.key = "l";
    return fixture.maps(1).Publish(ChannelName("a"), std::move(publication),
                                   {.map = ttl(Hours(1)), .condition = KeyCondition::kIfExists});
  });
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->unchanged, Unchanged::kKeyNotFound);
  fixture.Advance(Milliseconds(600));
  EXPECT_EQ(fixture.TakeLines(1), (std::vector<std::string>{"a removed 2 k"}));
}

TEST_F(RedisMap, RefusalsKeepTheMetaOfAnEmptyMapForAnHour) {
  MapSettings lasting = kMap;
  lasting.stream.meta_ttl = Hours(720);
  ASSERT_EQ(Remove("b", "k", lasting)->unchanged, Unchanged::kKeyNotFound);
  ASSERT_EQ(Put("k", "1", {.map = lasting, .condition = KeyCondition::kIfExists})->unchanged,
            Unchanged::kKeyNotFound);
  for (const char* meta : {".meta.{.a}", ".meta.{.b}"}) {
    EXPECT_GT(Pttl(meta), Minutes(50).ms) << meta;
    EXPECT_LE(Pttl(meta), Hours(1).ms) << meta;
  }
  ASSERT_TRUE(Put("k", "1", {.map = lasting}) && Remove("a", "k", lasting));
  EXPECT_GT(Pttl(".meta.{.a}"), Hours(719).ms) << "there is a position to come back with";
}

// Redis stands still meanwhile, so that it looks for keys right before it gets one.
TEST_F(RedisMap, AKeyPublishedDuringASweepIsNotForgotten) {
  const MapSettings brief{.stream = kStream, .key_ttl = Milliseconds(500)};
  ASSERT_TRUE(fixture.Subscribe(1, "a", {.stream = kStream}));
  const auto watch = [&] {
    return fixture.Await<Result<MapPage>>(
        0, [&] { return fixture.maps(0).ReadState(ChannelName("a"), {.limit = 1}, brief); });
  };
  // Redis knows the scripts already: what it does not know is sent twice, and comes later.
  ASSERT_TRUE(Put("k", "0", {.map = {.stream = kStream}}) && Remove("a", "k") && watch());
  fixture.Advance(Milliseconds(600));
  ASSERT_TRUE(watch());
  (void)fixture.TakeLines(1);
  ASSERT_FALSE(Server().Ask({"CLIENT", "PAUSE", "400"}).is_error());
  std::thread publisher([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    for (int turn = 0; turn < 4; ++turn) fixture.Run(0, [] {});  // the sweep has been sent
    EXPECT_TRUE(Put("k", "1", {.map = brief}));
  });
  fixture.Advance(Milliseconds(600));
  publisher.join();
  EXPECT_EQ(fixture.TakeLines(1), (std::vector<std::string>{"a key 3 k 1"}));
  fixture.Pass(Milliseconds(1200));
  EXPECT_EQ(fixture.TakeLines(1), (std::vector<std::string>{"a removed 4 k"}));
}

TEST_F(RedisMap, NobodyLooksForKeysThatDoNotExpire) {
  const auto looked = [] {
    const std::string stats = Server().Ask({"INFO", "commandstats"}).text;
    const std::size_t at = stats.find("cmdstat_exists:calls=");
    return at == std::string::npos ? "" : stats.substr(at, stats.find(',', at) - at);
  };
  ASSERT_TRUE(fixture.Subscribe(0, "a", {.stream = kStream}));
  ASSERT_TRUE(Put("k", "1", {.map = {.stream = kStream}}));
  const std::string before = looked();
  fixture.Advance(Seconds(1));
  EXPECT_EQ(looked(), before);
}

TEST(RedisMapNodes, ANodeWhoseClientsOnlyRecoverExpiresKeys) {
  const std::string prefix = RandomLetters(12);
  const BackendFactory node = [&](const std::vector<net::Loop*>& loops) {
    return std::make_unique<RedisBackend>(loops, RedisBrokerOptions{}, prefix);
  };
  Result<MapOutcome> put = MapOutcome{};
  {
    BrokerFixture gone(1, node);
    put = gone.Await<Result<MapOutcome>>(0, [&] {
      Publication publication;
      publication.key = "k";
      return gone.maps(0).Publish(ChannelName("a"), std::move(publication),
                                  {.map = {.stream = kStream, .key_ttl = Milliseconds(700)}});
    });
  }
  ASSERT_TRUE(put);
  BrokerFixture left(2, node);
  SubscribeOptions recover = Recover(put->position);
  recover.keys_expire = true;
  ASSERT_TRUE(left.Subscribe(0, "a", recover)->recovered);
  left.Pass(Milliseconds(1500));
  EXPECT_EQ(left.TakeLines(0), (std::vector<std::string>{"a removed 2 k"}));
}

TEST_F(RedisMap, KeysOfAnotherEpochAreOlderThanTheStream) {
  ASSERT_TRUE(Put("k", "1") && Put("k", "2"));
  (void)Ask("HSET", ".meta.{.a}", {"e", "anewanew", "s", "0"});
  EXPECT_EQ(Keys(), "k@0 ");
}

TEST(RedisMapLimits, RefusesWhatIsOverThem) {
  RedisBackend* backend = nullptr;
  BrokerFixture fixture(1, [&](const std::vector<net::Loop*>& loops) {
    auto made =
        std::make_unique<RedisBackend>(loops, RedisBrokerOptions{.map = {.keys_max = 2, .bytes_max = 100}});
    backend = made.get();
    return made;
  });
  const auto put = [&](std::string key, std::string data) {
    return fixture.Await<Result<MapOutcome>>(0, [&] {
      Publication publication;
      publication.key = key;
      publication.data = data;
      return fixture.maps(0).Publish(ChannelName("a"), std::move(publication), {.map = {.stream = kStream}});
    });
  };
  EXPECT_EQ(put("k1", "1")->unchanged, Unchanged::kNo);
  EXPECT_EQ(put("k2", std::string(60, 'x'))->unchanged, Unchanged::kNo);
  EXPECT_EQ(put("k3", "1")->unchanged, Unchanged::kChannelFull);
  EXPECT_EQ(put("k1", std::string(60, 'x'))->unchanged, Unchanged::kChannelFull);
  EXPECT_EQ(put("k2", std::string(90, 'x'))->unchanged, Unchanged::kNo) << "what is replaced makes room";
  EXPECT_EQ(backend->metrics().map_refused.value(), 2u);
}

}  // namespace
}  // namespace tidemill::broker
