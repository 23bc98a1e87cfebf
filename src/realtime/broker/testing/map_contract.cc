#include "realtime/broker/testing/map_contract.h"

#include <map>
#include <optional>

namespace tidemill::broker::testing {

std::string MapContract::Name(const ParamInfo& info) { return info.param.name; }

namespace {

using Lines = std::vector<std::string>;

constexpr StreamSettings kChanges{.size = 5, .ttl = Seconds(60), .meta_ttl = Seconds(600)};

Lines Keys(const MapPage& page) {
  Lines keys;
  for (const PublicationPtr& entry : page.entries) keys.push_back(entry->key);
  return keys;
}

MapPublishOptions In(MapSettings map, KeyCondition condition = KeyCondition::kNone) {
  return {.map = map, .condition = condition};
}

MapPublishOptions WithVersion(MapSettings map, std::uint64_t version, std::string epoch = "") {
  MapPublishOptions options = In(map);
  options.version = version;
  options.version_epoch = std::move(epoch);
  return options;
}

MapPublishOptions WithKey(MapSettings map, std::string idempotency_key) {
  MapPublishOptions options = In(map);
  options.idempotency_key = std::move(idempotency_key);
  return options;
}

}  // namespace

MapSettings MapContract::Recoverable(Duration key_ttl) { return {.stream = kChanges, .key_ttl = key_ttl}; }
MapSettings MapContract::Ephemeral(Duration key_ttl) { return {.stream = {}, .key_ttl = key_ttl}; }
MapSettings MapContract::Ordered() { return {.stream = kChanges, .key_ttl = Seconds(60), .ordered = true}; }

Result<MapOutcome> MapContract::Put(std::string channel, std::string key, std::string data,
                                    MapPublishOptions options) {
  return fixture_.Await<Result<MapOutcome>>(last(), [&] {
    Publication publication;
    publication.key = key;
    publication.data = data;
    return fixture_.maps(last()).Publish(ChannelName(channel), std::move(publication), options);
  });
}

Result<MapOutcome> MapContract::PutScore(std::string key, std::int64_t score) {
  return fixture_.Await<Result<MapOutcome>>(0, [&] {
    Publication publication;
    publication.key = key;
    publication.data = "{}";
    publication.score = score;
    return fixture_.maps(0).Publish(ChannelName("a"), std::move(publication), In(Ordered()));
  });
}

Result<MapOutcome> MapContract::Remove(std::string channel, std::string key, MapSettings map,
                                       std::string idempotency_key) {
  return fixture_.Await<Result<MapOutcome>>(0, [&] {
    return fixture_.maps(0).Remove(ChannelName(channel), key,
                                   {.map = map, .idempotency_key = idempotency_key});
  });
}

Result<MapPage> MapContract::Read(std::string channel, MapStateQuery query, MapSettings map) {
  return fixture_.Await<Result<MapPage>>(
      0, [&] { return fixture_.maps(0).ReadState(ChannelName(channel), query, map); });
}

Result<MapStats> MapContract::Stats(std::string channel) {
  return fixture_.Await<Result<MapStats>>(last(),
                                          [&] { return fixture_.maps(last()).Stats(ChannelName(channel)); });
}

Result<void> MapContract::Clear(std::string channel) {
  return fixture_.Await<Result<void>>(last(),
                                      [&] { return fixture_.maps(last()).Clear(ChannelName(channel)); });
}

std::vector<std::string> MapContract::State(std::string channel, MapSettings map) {
  const auto page = Read(std::move(channel), {.limit = kMapPageKeysMax}, map);
  if (!page) return {page.error().detail};
  Lines lines;
  for (const PublicationPtr& entry : page->entries) {
    lines.push_back(entry->key + "=" + entry->data + "@" + std::to_string(entry->offset));
  }
  return lines;
}

std::string MapContract::Pages(std::uint32_t limit, MapSettings map, bool ascending) {
  std::string text;
  MapStateQuery query{.limit = limit, .ascending = ascending};
  for (int pages = 0; pages < 100; ++pages) {
    const auto page = Read("a", query, map);
    if (!page) return page.error().detail;
    for (const std::string& key : Keys(*page)) text += key + " ";
    if (page->cursor.empty()) return text;
    text += "| ";
    query.cursor = page->cursor;
  }
  return "does not end";
}

TEST_P(MapContract, AKeyHoldsItsNewestPublication) {
  ASSERT_TRUE(Put("a", "k1", "1", In(Recoverable())));
  ASSERT_TRUE(Put("a", "k2", "2", In(Recoverable())));
  const auto third = Put("a", "k1", "3", In(Recoverable()));
  ASSERT_TRUE(third);
  EXPECT_EQ(third->position.offset, 3u);
  EXPECT_EQ(third->unchanged, Unchanged::kNo);
  EXPECT_EQ(State("a", Recoverable()), (Lines{"k1=3@3", "k2=2@2"}));
  EXPECT_EQ(State("b", Recoverable()), Lines{}) << "another channel";
}

TEST_P(MapContract, SubscribersGetChangesInLine) {
  ASSERT_TRUE(fixture_.Subscribe(0, "a", {.stream = kChanges}));
  ASSERT_TRUE(Put("a", "k", "1", In(Recoverable())));
  ASSERT_TRUE(Remove("a", "k", Recoverable()));
  ASSERT_TRUE(Put("a", "k", "2", In(Recoverable())));
  EXPECT_EQ(fixture_.TakeLines(0), (Lines{"a key 1 k 1", "a removed 2 k", "a key 3 k 2"}));
}

TEST_P(MapContract, SubscribersFollowFromThePositionOfAPage) {
  ASSERT_TRUE(Put("a", "k1", "1", In(Recoverable())));
  const auto page = Read("a", {.limit = 10}, Recoverable());
  ASSERT_TRUE(page);
  EXPECT_EQ(page->position.offset, 1u);
  ASSERT_TRUE(Put("a", "k2", "2", In(Recoverable())));
  ASSERT_TRUE(Remove("a", "k1", Recoverable()));
  const auto subscribed = fixture_.Subscribe(0, "a", {.stream = kChanges, .recover = page->position});
  ASSERT_TRUE(subscribed);
  EXPECT_TRUE(subscribed->recovered);
  ASSERT_EQ(subscribed->publications.size(), 2u);
  EXPECT_EQ(subscribed->publications[0]->key, "k2");
  EXPECT_EQ(subscribed->publications[1]->key, "k1");
  EXPECT_TRUE(subscribed->publications[1]->removed);
  ASSERT_TRUE(Put("a", "k3", "3", In(Recoverable())));
  EXPECT_EQ(fixture_.TakeLines(0), (Lines{"a key 4 k3 3"}));
}

TEST_P(MapContract, ThePositionOfAnEmptyStateIsContinued) {
  const auto page = Read("a", {.limit = 10}, Recoverable());
  ASSERT_TRUE(page);
  EXPECT_EQ(page->position.offset, 0u);
  EXPECT_NE(page->position.epoch, "");
  const auto first = Put("a", "k", "1", In(Recoverable()));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->position, (StreamPosition{.offset = 1, .epoch = page->position.epoch}));
}

TEST_P(MapContract, AllOfAPublicationTravels) {
  ASSERT_TRUE(fixture_.Subscribe(0, "a", {.stream = kChanges}));
  Publication sent;
  sent.data = "{\"x\":1}";
  sent.info = ClientInfo{.user = "u", .client = "c", .conn_info = "1", .chan_info = "2"};
  sent.tags = {{"k", "v"}, {"l", "w"}};
  sent.key = "key";
  sent.score = -7;
  sent.data_is_json = true;
  const auto outcome = fixture_.Await<Result<MapOutcome>>(
      0, [&] { return fixture_.maps(0).Publish(ChannelName("a"), sent, In(Ordered())); });
  ASSERT_TRUE(outcome);
  fixture_.Settle();
  const auto page = Read("a", {.limit = 1}, Ordered());
  ASSERT_TRUE(page && page->entries.size() == 1);
  EXPECT_GT(page->entries[0]->time_ms, 0);
  sent.offset = 1;
  sent.time_ms = page->entries[0]->time_ms;
  EXPECT_EQ(*page->entries[0], sent);
  const auto changes = fixture_.History(0, "a", {.since = {}, .limit = -1}, kChanges);
  ASSERT_TRUE(changes && changes->publications.size() == 1);
  EXPECT_EQ(*changes->publications[0], sent);
  sent.epoch = outcome->position.epoch;
  ASSERT_EQ(fixture_.recorder(0).publications.size(), 1u);
  EXPECT_EQ(*fixture_.recorder(0).publications[0], sent);
}

TEST_P(MapContract, ARemovalKeepsTheTags) {
  Publication sent;
  sent.data = "1";
  sent.key = "k";
  sent.tags = {{"color", "red"}};
  ASSERT_TRUE(fixture_.Await<Result<MapOutcome>>(
      0, [&] { return fixture_.maps(0).Publish(ChannelName("a"), sent, In(Recoverable())); }));
  ASSERT_TRUE(Remove("a", "k", Recoverable()));
  const auto changes = fixture_.History(0, "a", {.since = {}, .limit = -1}, kChanges);
  ASSERT_TRUE(changes && changes->publications.size() == 2);
  EXPECT_EQ(changes->publications[1]->tags, sent.tags);
  EXPECT_EQ(changes->publications[1]->data, "");
}

TEST_P(MapContract, WithoutAStreamThereIsStateAndEvents) {
  ASSERT_TRUE(fixture_.Subscribe(0, "a"));
  const auto put = Put("a", "k", "1", In(Ephemeral()));
  ASSERT_TRUE(put);
  EXPECT_EQ(put->position.offset, 0u);
  ASSERT_TRUE(Put("a", "l", "2", In(Ephemeral())));
  ASSERT_TRUE(Remove("a", "k", Ephemeral()));
  EXPECT_EQ(fixture_.TakeLines(0), (Lines{"a key 0 k 1", "a key 0 l 2", "a removed 0 k"}));
  const auto page = Read("a", {.limit = 10}, Ephemeral());
  ASSERT_TRUE(page);
  EXPECT_EQ(Keys(*page), Lines{"l"});
  EXPECT_EQ(page->position.offset, 0u);
  EXPECT_NE(page->position.epoch, "");
}

TEST_P(MapContract, ConditionsAreChecked) {
  const auto why = [&](std::string key, KeyCondition condition) {
    const auto put = Put("a", std::move(key), "x", In(Recoverable(), condition));
    return put ? std::string(NameOf(put->unchanged)) : put.error().detail;
  };
  EXPECT_EQ(why("k", KeyCondition::kIfExists), "key_not_found");
  EXPECT_EQ(why("k", KeyCondition::kIfNew), "");
  EXPECT_EQ(why("k", KeyCondition::kIfNew), "key_exists");
  EXPECT_EQ(why("k", KeyCondition::kIfNewElseRefresh), "key_exists");
  EXPECT_EQ(why("k", KeyCondition::kIfExists), "");
  const auto unchanged = Put("a", "k", "y", In(Recoverable(), KeyCondition::kIfNew));
  ASSERT_TRUE(unchanged);
  EXPECT_EQ(unchanged->position.offset, 2u) << "the top, nothing was appended";
  EXPECT_EQ(State("a", Recoverable()), (Lines{"k=x@2"}));
  const auto removed = Remove("a", "other", Recoverable());
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->unchanged, Unchanged::kKeyNotFound);
  EXPECT_EQ(removed->position, unchanged->position);
}

TEST_P(MapContract, VersionsAreOfEachKey) {
  const auto why = [&](std::string key, std::uint64_t version, std::string epoch = "") {
    const auto put = Put("a", std::move(key), "x", WithVersion(Recoverable(), version, std::move(epoch)));
    return put ? std::string(NameOf(put->unchanged)) : put.error().detail;
  };
  EXPECT_EQ(why("k", 5), "");
  EXPECT_EQ(why("k", 5), "version");
  EXPECT_EQ(why("k", 4), "version");
  EXPECT_EQ(why("other", 4), "") << "another key";
  EXPECT_EQ(why("k", 6, "e1"), "");
  EXPECT_EQ(why("k", 1, "e2"), "") << "another epoch begins anew";
  EXPECT_EQ(why("k", 1, "e2"), "version");
  ASSERT_TRUE(Put("a", "k", "y", In(Recoverable())));
  EXPECT_EQ(why("k", 1), "version") << "a publish without a version keeps the last";
  ASSERT_TRUE(Remove("a", "k", Recoverable()));
  EXPECT_EQ(why("k", 1), "") << "a key that was removed has none";
}

TEST_P(MapContract, LargeVersionsAreComparedExactly) {
  const std::uint64_t large = 18'446'744'073'709'551'614U;
  ASSERT_TRUE(Put("a", "k", "x", WithVersion(Recoverable(), large)));
  EXPECT_EQ(Put("a", "k", "x", WithVersion(Recoverable(), large - 1))->unchanged, Unchanged::kVersion);
  EXPECT_EQ(Put("a", "k", "x", WithVersion(Recoverable(), large + 1))->unchanged, Unchanged::kNo);
}

TEST_P(MapContract, ARepeatedIdempotencyKeyChangesNothing) {
  const auto first = Put("a", "k", "1", WithKey(Recoverable(), "id"));
  ASSERT_TRUE(first && Put("a", "k", "2", In(Recoverable())));
  const auto again = Put("a", "k", "3", WithKey(Recoverable(), "id"));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->unchanged, Unchanged::kIdempotency);
  EXPECT_EQ(again->position, first->position);
  EXPECT_EQ(State("a", Recoverable()), (Lines{"k=2@2"}));
  ASSERT_TRUE(Remove("a", "k", Recoverable(), "id2"));
  ASSERT_TRUE(Put("a", "k", "4", In(Recoverable())));
  EXPECT_EQ(Remove("a", "k", Recoverable(), "id2")->unchanged, Unchanged::kIdempotency);
  EXPECT_EQ(State("a", Recoverable()), (Lines{"k=4@4"}));
}

TEST_P(MapContract, RefusesWhatBreaksTheRules) {
  const auto code = [](const auto& result) { return result ? Errc::kInternal : result.error().code; };
  const std::string long_key(kMapKeyBytesMax + 1, 'k');
  EXPECT_EQ(code(Put("a", "", "1", In(Recoverable()))), Errc::kInvalidArgument);
  EXPECT_EQ(code(Put("a", long_key, "1", In(Recoverable()))), Errc::kInvalidArgument);
  EXPECT_EQ(code(Put("a", "k", "1", WithVersion(Ephemeral(), 1))), Errc::kInvalidArgument);
  EXPECT_EQ(code(Put("a", "k", "1", WithKey(Recoverable(), std::string(513, 'x')))), Errc::kInvalidArgument);
  EXPECT_EQ(code(Put("a", "k", "1", WithVersion(Recoverable(), 1, std::string(513, 'x')))),
            Errc::kInvalidArgument);
  EXPECT_EQ(code(PutScore("k", kMapScoreMax + 1)), Errc::kInvalidArgument);
  EXPECT_EQ(code(Remove("a", "", Recoverable())), Errc::kInvalidArgument);
  EXPECT_EQ(State("a", Recoverable()), Lines{});
  EXPECT_TRUE(PutScore("k", -kMapScoreMax));
}

TEST_P(MapContract, PagesAreInTheOrderOfKeys) {
  for (const char* key : {"d", "b", "a", "e", "c", "\xc3\xa9"})
    ASSERT_TRUE(Put("a", key, "1", In(Recoverable())));
  EXPECT_EQ(Pages(2, Recoverable()), "a b | c d | e \xc3\xa9 ");
  EXPECT_EQ(Pages(4, Recoverable()), "a b c d | e \xc3\xa9 ");
  EXPECT_EQ(Pages(6, Recoverable()), "a b c d e \xc3\xa9 ");
  EXPECT_EQ(Pages(100, Recoverable()), "a b c d e \xc3\xa9 ");
}

TEST_P(MapContract, PagesOfAnOrderedChannelAreInTheOrderOfScores) {
  for (const auto& [key, score] : {std::pair{"a", 5}, {"b", -1}, {"c", 5}, {"d", 9}, {"e", 0}, {"f", 5}}) {
    ASSERT_TRUE(PutScore(key, score));
  }
  EXPECT_EQ(Pages(2, Ordered()), "d f | c a | e b ");
  EXPECT_EQ(Pages(4, Ordered()), "d f c a | e b ");
  EXPECT_EQ(Pages(2, Ordered(), true), "b e | a c | f d ");
  ASSERT_TRUE(PutScore("b", 7));
  EXPECT_EQ(Pages(10, Ordered()), "d b f c a e ") << "a new score is a new place";
}

// As after a reload that changes map.ordered: the order is the one that the state began with.
TEST_P(MapContract, TheOrderOfPagesStaysWhileThereAreKeys) {
  for (const auto& [key, score] : {std::pair{"a", 5}, {"b", -1}, {"c", 9}}) ASSERT_TRUE(PutScore(key, score));
  EXPECT_EQ(Pages(1, Recoverable()), "c | a | b ");
  ASSERT_TRUE(Clear("a"));

  for (const char* key : {"b", "c", "a"}) ASSERT_TRUE(Put("a", key, "1", In(Recoverable())));
  ASSERT_TRUE(PutScore("d", 100));
  EXPECT_EQ(Pages(1, Ordered()), "a | b | c | d ");
  for (const char* key : {"a", "b", "c", "d"}) ASSERT_TRUE(Remove("a", key, Ordered()));
  ASSERT_TRUE(PutScore("a", 1) && PutScore("b", 2));
  EXPECT_EQ(Pages(1, Ordered()), "b | a ") << "another state";
}

TEST_P(MapContract, ACursorHoldsThoughItsKeyIsGone) {
  for (const char* key : {"a", "b", "c", "d"}) ASSERT_TRUE(Put("plain", key, "1", In(Recoverable())));
  const auto page = Read("plain", {.limit = 2}, Recoverable());
  ASSERT_TRUE(page && Remove("plain", "b", Recoverable()));
  const auto next = Read("plain", {.cursor = page->cursor, .limit = 9}, Recoverable());
  ASSERT_TRUE(next);
  EXPECT_EQ(Keys(*next), (Lines{"c", "d"}));

  for (const char* key : {"a", "b", "c", "d"}) ASSERT_TRUE(PutScore(key, 1));
  const auto scored = Read("a", {.limit = 2}, Ordered());
  ASSERT_TRUE(scored && Remove("a", "c", Ordered()) && PutScore("c", 100));
  const auto rest = Read("a", {.cursor = scored->cursor, .limit = 9}, Ordered());
  ASSERT_TRUE(rest);
  EXPECT_EQ(Keys(*rest), (Lines{"b", "a"}));
}

TEST_P(MapContract, APageEndsAtItsBytesAndHasAtLeastOneKey) {
  for (const char* key : {"a", "b", "c"})
    ASSERT_TRUE(Put("a", key, std::string(100, '1'), In(Recoverable())));
  const auto two = Read("a", {.limit = 9, .bytes_max = 250}, Recoverable());
  ASSERT_TRUE(two);
  EXPECT_EQ(Keys(*two), (Lines{"a", "b"}));
  const auto one = Read("a", {.limit = 9, .bytes_max = 1}, Recoverable());
  ASSERT_TRUE(one);
  EXPECT_EQ(Keys(*one), (Lines{"a"}));
  EXPECT_NE(one->cursor, "");
}

TEST_P(MapContract, OneKeyAndNoKeyCanBeAskedFor) {
  ASSERT_TRUE(Put("a", "k1", "1", In(Recoverable())) && Put("a", "k2", "2", In(Recoverable())));
  const auto one = Read("a", {.limit = 10, .key = "k2"}, Recoverable());
  ASSERT_TRUE(one);
  EXPECT_EQ(Keys(*one), (Lines{"k2"}));
  EXPECT_EQ(one->cursor, "");
  const auto absent = Read("a", {.limit = 10, .key = "k3"}, Recoverable());
  ASSERT_TRUE(absent);
  EXPECT_EQ(Keys(*absent), Lines{});
  const auto none = Read("a", {.limit = 0}, Recoverable());
  ASSERT_TRUE(none);
  EXPECT_EQ(Keys(*none), Lines{});
  EXPECT_EQ(none->position.offset, 2u);
}

TEST_P(MapContract, StatsCountKeysAndBytes) {
  EXPECT_EQ(Stats("a")->keys, 0u);
  ASSERT_TRUE(Put("a", "k1", "12345", In(Recoverable())) && Put("a", "k2", "1", In(Recoverable())));
  EXPECT_EQ(Stats("a")->keys, 2u);
  EXPECT_EQ(Stats("a")->bytes, 10u);
  ASSERT_TRUE(Put("a", "k1", "1", In(Recoverable())) && Remove("a", "k2", Recoverable()));
  EXPECT_EQ(Stats("a")->keys, 1u);
  EXPECT_EQ(Stats("a")->bytes, 3u);
}

TEST_P(MapContract, ClearBeginsAnewAndTellsSubscribers) {
  ASSERT_TRUE(fixture_.Subscribe(0, "a", {.stream = kChanges}));
  const auto before = Put("a", "k", "1", In(Recoverable()));
  ASSERT_TRUE(before && Clear("a") && Clear("never used"));
  EXPECT_EQ(fixture_.TakeLines(0), (Lines{"a key 1 k 1", "a lost"}));
  EXPECT_EQ(State("a", Recoverable()), Lines{});
  EXPECT_EQ(Stats("a")->keys, 0u);
  EXPECT_EQ(Stats("a")->bytes, 0u);
  const auto old = Read("a", {.limit = 1, .epoch = before->position.epoch}, Recoverable());
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().code, Errc::kUnrecoverablePosition);
  const auto after = Put("a", "k", "2", In(Recoverable()));
  ASSERT_TRUE(after);
  EXPECT_NE(after->position.epoch, before->position.epoch);
  EXPECT_EQ(State("a", Recoverable()), (Lines{"k=2@" + std::to_string(after->position.offset)}));
}

TEST_P(MapContract, ClearTellsThoseWithoutAStreamToo) {
  ASSERT_TRUE(fixture_.Subscribe(0, "a"));
  ASSERT_TRUE(Put("a", "k", "1", In(Ephemeral())) && Clear("a"));
  EXPECT_EQ(fixture_.TakeLines(0), (Lines{"a key 0 k 1", "a lost"}));
}

TEST_P(MapContract, TheEpochOfAnEarlierPageHolds) {
  const auto put = Put("a", "k", "1", In(Recoverable()));
  ASSERT_TRUE(put);
  EXPECT_TRUE(Read("a", {.limit = 1, .epoch = put->position.epoch}, Recoverable()));
  const auto other = Read("a", {.limit = 1, .epoch = "other"}, Recoverable());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::kUnrecoverablePosition);
}

// As live queries and clients use it: pages while others publish, then what changed since the first page.
TEST_P(MapContract, PagesAndWhatFollowsThemAreTheState) {
  MapSettings map = Recoverable();
  map.stream.size = 1000;
  for (int n = 0; n < 50; ++n) ASSERT_TRUE(Put("a", "k" + std::to_string(100 + n), "old", In(map)));
  std::map<std::string, std::string> seen;
  const auto apply = [&](const Publication& change) {
    if (change.removed) {
      seen.erase(change.key);
    } else {
      seen[change.key] = change.data;
    }
  };
  std::optional<StreamPosition> frozen;
  std::string cursor;
  int n = 0;
  do {
    const auto page = Read("a", {.cursor = cursor, .limit = 7}, map);
    ASSERT_TRUE(page);
    if (!frozen) frozen = page->position;
    for (const PublicationPtr& entry : page->entries) {
      if (entry->offset <= frozen->offset) apply(*entry);
    }
    cursor = page->cursor;
    ASSERT_TRUE(Put("a", "k" + std::to_string(100 + 7 * n), "new", In(map)));
    ASSERT_TRUE(Remove("a", "k" + std::to_string(149 - 3 * n), map));
    ASSERT_TRUE(Put("a", "x" + std::to_string(n++), "added", In(map)));
  } while (!cursor.empty());
  const auto changes = fixture_.History(0, "a", {.since = frozen, .limit = -1}, map.stream);
  ASSERT_TRUE(changes);
  for (const PublicationPtr& change : changes->publications) apply(*change);
  std::map<std::string, std::string> state;
  const auto whole = Read("a", {.limit = 1000}, map);
  ASSERT_TRUE(whole);
  for (const PublicationPtr& entry : whole->entries) state[entry->key] = entry->data;
  EXPECT_EQ(seen, state);
}

TEST_P(MapExpiryContract, KeysAreRemovedAfterTheirTime) {
  const MapSettings map = Recoverable(Milliseconds(3000));
  ASSERT_TRUE(fixture_.Subscribe(0, "a", {.stream = kChanges}));
  ASSERT_TRUE(Put("a", "k1", "1", In(map)) && Put("a", "k2", "2", In(map)));
  EXPECT_EQ(fixture_.TakeLines(0), (Lines{"a key 1 k1 1", "a key 2 k2 2"}));
  fixture_.Pass(Milliseconds(1700));
  ASSERT_TRUE(Put("a", "k1", "3", In(map))) << "a publish is another life";
  fixture_.Pass(Milliseconds(1700));
  EXPECT_EQ(fixture_.TakeLines(0), (Lines{"a key 3 k1 3", "a removed 4 k2"}));
  EXPECT_EQ(State("a", map), (Lines{"k1=3@3"}));
  fixture_.Pass(Milliseconds(1500));
  EXPECT_EQ(fixture_.TakeLines(0), (Lines{"a removed 5 k1"}));
  EXPECT_EQ(State("a", map), Lines{});
  EXPECT_EQ(Stats("a")->keys, 0u);
}

TEST_P(MapExpiryContract, KeysAreRemovedWhereThePositionIsKeptNoLongerThanThey) {
  MapSettings map = Recoverable(Milliseconds(1500));
  map.stream.meta_ttl = map.key_ttl;
  ASSERT_TRUE(fixture_.Subscribe(0, "a", {.stream = map.stream, .keys_expire = true}));
  for (int n = 1; n <= 2; ++n) {
    const std::string at = std::to_string(2 * n);
    ASSERT_TRUE(Put("a", "k", "1", In(map)));
    EXPECT_EQ(fixture_.TakeLines(0), (Lines{"a key " + std::to_string(2 * n - 1) + " k 1"}));
    fixture_.Pass(Milliseconds(1700));
    EXPECT_EQ(fixture_.TakeLines(0), (Lines{"a removed " + at + " k"}));
  }
}

TEST_P(MapExpiryContract, RefreshingKeepsAKeyWithoutAnEvent) {
  const MapSettings map = Ephemeral(Milliseconds(3000));
  ASSERT_TRUE(fixture_.Subscribe(0, "a"));
  for (int n = 0; n < 3; ++n) {
    ASSERT_TRUE(Put("a", "k", "1", In(map, KeyCondition::kIfNewElseRefresh)));
    fixture_.Pass(Milliseconds(1700));
  }
  ASSERT_TRUE(Put("a", "k", "1", In(map, KeyCondition::kIfNew))) << "does not refresh";
  EXPECT_EQ(fixture_.TakeLines(0), (Lines{"a key 0 k 1"}));
  fixture_.Pass(Milliseconds(1500));
  EXPECT_EQ(fixture_.TakeLines(0), (Lines{"a removed 0 k"}));
}

TEST_P(MapExpiryContract, WhoRecoversGetsTheRemovalsToo) {
  const MapSettings map = Recoverable(Milliseconds(300));
  const auto put = Put("a", "k", "1", In(map));
  ASSERT_TRUE(put);
  fixture_.Pass(Milliseconds(500));
  const auto page = Read("a", {.limit = 9}, map);
  ASSERT_TRUE(page);
  EXPECT_EQ(Keys(*page), Lines{});
  const auto subscribed = fixture_.Subscribe(0, "a", {.stream = kChanges, .recover = put->position});
  ASSERT_TRUE(subscribed && subscribed->recovered);
  ASSERT_EQ(subscribed->publications.size(), 1u);
  EXPECT_TRUE(subscribed->publications[0]->removed);
}

TEST_P(MapExpiryContract, AStateOutlivesTheChangesThatItFollowsFrom) {
  MapSettings map{.stream = {.size = 5, .ttl = Milliseconds(200), .meta_ttl = Seconds(600)}};
  const auto put = Put("a", "k", "1", In(map));
  ASSERT_TRUE(put);
  fixture_.Pass(Milliseconds(500));
  EXPECT_EQ(State("a", map), (Lines{"k=1@1"}));
  EXPECT_EQ(Put("a", "k", "2", In(map))->position,
            (StreamPosition{.offset = 2, .epoch = put->position.epoch}));
}

}  // namespace tidemill::broker::testing
