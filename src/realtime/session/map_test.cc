// Subscribing to maps, page by page until they are live; changing keys.
#include <gtest/gtest.h>

#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

// scores  recoverable; subscribers publish and remove
// cursors ephemeral; a client's key is its id, and goes with it
// mine    persistent; a client's key is its user's id
BenchSettings MapSettings() {
  BenchSettings settings = TestSettings();
  channels::ChannelOptions scores;
  scores.allow_subscribe_for_client = true;
  scores.subscription_type = "map";
  scores.map.mode = "recoverable";
  scores.map.key_ttl = Seconds(60);
  scores.map.min_page_size = 2;
  scores.map.max_page_size = 4;
  scores.map.allow_publish_for_subscriber = true;
  scores.map.allow_remove_for_subscriber = true;
  settings.channel.namespaces["scores"] = scores;
  channels::ChannelOptions cursors = scores;
  cursors.allow_subscribe_for_anonymous = true;
  cursors.map.mode = "ephemeral";
  cursors.map.client_key = "client_id";
  cursors.map.remove_client_on_unsubscribe = true;
  settings.channel.namespaces["cursors"] = cursors;
  channels::ChannelOptions mine = scores;
  mine.map.mode = "persistent";
  mine.map.key_ttl = {};
  mine.map.client_key = "user_id";
  mine.map.allow_publish_for_client = mine.map.allow_publish_for_anonymous = true;
  settings.channel.namespaces["mine"] = mine;
  settings.client.allow_anonymous_connect_without_token = true;
  return settings;
}

class MapTest : public SessionTest {
 protected:
  MapTest() : SessionTest(MapSettings()) {}

  void Put(std::string channel, std::string key, std::string data) {
    scope_.Spawn([](broker::MapPublisher& maps, broker::MapPublishCall call) -> Task<void> {
      const auto published = co_await maps.Publish(std::move(call));
      EXPECT_TRUE(published);
    }(bench_.maps(), {.channel = std::move(channel),
                      .key = std::move(key),
                      .data = std::move(data),
                      .form = broker::DataForm::kJson}));
  }
  void Clear(std::string channel) {
    scope_.Spawn([](broker::MapPublisher& maps, std::string name) -> Task<void> {
      EXPECT_TRUE(co_await maps.Clear(std::move(name)));
    }(bench_.maps(), std::move(channel)));
  }
  // "key=data …", in the order of the keys.
  std::string State(std::string channel) {
    std::string text;
    scope_.Spawn([](broker::MapPublisher& maps, std::string name, std::string& out) -> Task<void> {
      const auto page = co_await maps.ReadState({.channel = std::move(name), .query = {.limit = 100}});
      for (const auto& entry : page->entries) out += entry->key + "=" + entry->data + " ";
    }(bench_.maps(), std::move(channel), text));
    return text;
  }
  // Epochs are random: replaced by E; ids of clients by ID.
  static Lines Plain(Lines lines, std::string_view id = "") {
    for (std::string& line : lines) {
      for (std::size_t at = 0; (at = line.find(R"("epoch":")", at)) != std::string::npos;) {
        at += 9;
        line.replace(at, line.find('"', at) - at, "E");
      }
      for (std::size_t at = 0; !id.empty() && (at = line.find(id)) != std::string::npos;) {
        line.replace(at, id.size(), "ID");
      }
    }
    return lines;
  }
  static std::string EpochIn(const Lines& lines) {
    const std::size_t at = lines.at(0).find(R"("epoch":")") + 9;
    return lines[0].substr(at, lines[0].find('"', at) - at);
  }

  TaskScope scope_;
};

TEST_F(MapTest, OfOnePageIsLiveAtOnce) {
  Put("scores:a", "k1", "1");
  Put("scores:a", "k2", "{}");
  const auto client = Connected();
  EXPECT_EQ(Plain(client->Say(R"({"id":2,"subscribe":{"channel":"scores:a","type":1,"phase":2}})")),
            (Lines{R"({"id":2,"subscribe":{"recoverable":true,"epoch":"E","offset":2,"type":1,"state":[)"
                   R"({"data":1,"offset":1,"key":"k1"},{"data":{},"offset":2,"key":"k2"}]}})"}));
  Put("scores:a", "k3", "3");
  bench_.Turn();
  EXPECT_EQ(client->Hear(),
            (Lines{R"({"push":{"channel":"scores:a","pub":{"data":3,"offset":3,"key":"k3"}}})"}));
}

TEST_F(MapTest, OfManyPagesGoesLiveOnTheLast) {
  for (const char* key : {"a", "b", "c", "d", "e"}) Put("scores:a", key, "1");
  const auto client = Connected();
  const Lines first =
      client->Say(R"({"id":2,"subscribe":{"channel":"scores:a","type":1,"phase":2,"limit":2}})");
  EXPECT_EQ(Plain(first),
            (Lines{R"({"id":2,"subscribe":{"epoch":"E","offset":5,"type":1,"phase":2,"cursor":"b","state":[)"
                   R"({"data":1,"offset":1,"key":"a"},{"data":1,"offset":2,"key":"b"}]}})"}));
  // What changes meanwhile is not in later pages: it comes from the stream.
  Put("scores:a", "d", "2");
  const std::string rest = R"("epoch":")" + EpochIn(first) + R"(","offset":5,"limit":2}})";
  EXPECT_EQ(Plain(client->Say(
                R"({"id":3,"subscribe":{"channel":"scores:a","type":1,"phase":2,"cursor":"b",)" + rest)),
            (Lines{R"({"id":3,"subscribe":{"epoch":"E","offset":5,"type":1,"phase":2,"cursor":"d","state":[)"
                   R"({"data":1,"offset":3,"key":"c"}]}})"}));
  EXPECT_EQ(Plain(client->Say(
                R"({"id":4,"subscribe":{"channel":"scores:a","type":1,"phase":2,"cursor":"d",)" + rest)),
            (Lines{R"({"id":4,"subscribe":{"recoverable":true,"epoch":"E","publications":[)"
                   R"({"data":2,"offset":6,"key":"d"}],"offset":6,"type":1,"state":[)"
                   R"({"data":1,"offset":5,"key":"e"}]}})"}));
}

TEST_F(MapTest, FarBehindReadsTheStreamInPages) {
  for (const char* key : {"a", "b", "c"}) Put("scores:a", key, "1");
  const auto client = Connected();
  const Lines first =
      client->Say(R"({"id":2,"subscribe":{"channel":"scores:a","type":1,"phase":2,"limit":2}})");
  for (int n = 0; n < 6; ++n) Put("scores:a", "c", std::to_string(n));
  const std::string position = R"("epoch":")" + EpochIn(first) + R"(","limit":2,"offset":)";
  EXPECT_EQ(
      Plain(client->Say(R"({"id":3,"subscribe":{"channel":"scores:a","type":1,"phase":2,"cursor":"b",)" +
                        position + "3}}")),
      (Lines{R"({"id":3,"subscribe":{"epoch":"E","offset":3,"type":1,"phase":2}})"}));
  EXPECT_EQ(Plain(client->Say(R"({"id":4,"subscribe":{"channel":"scores:a","type":1,"phase":1,)" + position +
                              "3}}")),
            (Lines{R"({"id":4,"subscribe":{"epoch":"E","publications":[{"data":0,"offset":4,"key":"c"},)"
                   R"({"data":1,"offset":5,"key":"c"}],"offset":5,"type":1,"phase":1}})"}));
  Put("scores:a", "d", "7");
  EXPECT_EQ(Plain(client->Say(R"({"id":5,"subscribe":{"channel":"scores:a","type":1,"phase":1,)" + position +
                              "5}}")),
            (Lines{R"({"id":5,"subscribe":{"epoch":"E","publications":[{"data":2,"offset":6,"key":"c"},)"
                   R"({"data":3,"offset":7,"key":"c"}],"offset":7,"type":1,"phase":1}})"}));
  EXPECT_EQ(Plain(client->Say(R"({"id":6,"subscribe":{"channel":"scores:a","type":1,"phase":1,)" + position +
                              "7}}")),
            (Lines{R"({"id":6,"subscribe":{"recoverable":true,"epoch":"E","publications":[)"
                   R"({"data":4,"offset":8,"key":"c"},{"data":5,"offset":9,"key":"c"},)"
                   R"({"data":7,"offset":10,"key":"d"}],"offset":10,"type":1}})"}));
}

TEST_F(MapTest, RecoversFromItsPosition) {
  Put("scores:a", "k", "1");
  const auto first = Connected();
  const std::string epoch =
      EpochIn(first->Say(R"({"id":2,"subscribe":{"channel":"scores:a","type":1,"phase":2}})"));
  Put("scores:a", "k", "2");
  const auto again = Connected();
  const std::string recover =
      R"("channel":"scores:a","type":1,"phase":1,"recover":true,"epoch":")" + epoch + R"(","offset":1)";
  EXPECT_EQ(Plain(again->Say(R"({"id":2,"subscribe":{)" + recover + "}}")),
            (Lines{R"({"id":2,"subscribe":{"recoverable":true,"epoch":"E","publications":[)"
                   R"({"data":2,"offset":2,"key":"k"}],"recovered":true,"offset":2,"was_recovering":true,)"
                   R"("type":1}})"}));
  // What a client has not seen is more than it may be behind, or gone: it begins from scratch.
  const auto behind = Connected();
  for (int n = 0; n < 5; ++n) Put("scores:a", "k", "3");
  const char* const unrecoverable = R"({"id":2,"error":{"code":112,"message":"unrecoverable position"}})";
  const std::string live = R"({"id":2,"subscribe":{"channel":"scores:a","type":1,"recover":true,"offset":1,)";
  EXPECT_EQ(behind->Say(live + R"("epoch":")" + epoch + R"("}})"), Lines{unrecoverable});
  EXPECT_EQ(behind->Say(live + R"("epoch":"other"}})"), Lines{unrecoverable});
  EXPECT_EQ(behind->Say(live + R"("epoch":""}})"), Lines{unrecoverable});
  EXPECT_EQ(behind->session().subscriptions(), 0u);
  EXPECT_EQ(behind->Say(R"({"id":3,"subscribe":{"channel":"scores:a","type":1,"phase":2}})").size(), 1u);
  EXPECT_EQ(behind->session().subscriptions(), 1u);
}

TEST_F(MapTest, ClearingSendsItsSubscribersBackToTheState) {
  Put("scores:a", "k", "1");
  const auto client = Connected();
  (void)client->Say(R"({"id":2,"subscribe":{"channel":"scores:a","type":1,"phase":2}})");
  Clear("scores:a");
  bench_.Turn();
  EXPECT_EQ(
      client->Hear(),
      (Lines{
          R"({"push":{"channel":"scores:a","unsubscribe":{"code":2500,"reason":"insufficient state"}}})"}));
}

TEST_F(MapTest, ClearingAnEphemeralOneToo) {
  Put("cursors:a", "k", "1");
  const auto client = Connected();
  (void)client->Say(R"({"id":2,"subscribe":{"channel":"cursors:a","type":1,"phase":2}})");
  Clear("cursors:a");
  bench_.Turn();
  const Lines lines = client->Hear();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find(R"("code":2500)"), std::string::npos) << lines[0];
}

TEST_F(MapTest, PublishesAndRemovesItsKeys) {
  const auto client = Connected();
  const char* const publish =
      R"({"id":3,"publish":{"channel":"scores:a","type":1,"key":"k","data":{"x":1}}})";
  EXPECT_EQ(client->Say(publish), (Lines{R"({"id":3,"error":{"code":103,"message":"permission denied"}})"}));
  (void)client->Say(R"({"id":2,"subscribe":{"channel":"scores:a","type":1,"phase":2}})");
  EXPECT_EQ(Plain(client->Say(publish), client->id()),
            (Lines{R"({"id":3,"publish":{}})",
                   R"({"push":{"channel":"scores:a","pub":{"data":{"x":1},"info":{"user":"u","client":"ID"},)"
                   R"("offset":1,"key":"k","epoch":"E"}}})"}));
  EXPECT_EQ(client->Say(R"({"id":4,"publish":{"channel":"scores:a","type":1,"key":"k","removed":true}})"),
            (Lines{R"({"id":4,"publish":{}})",
                   R"({"push":{"channel":"scores:a","pub":{"offset":2,"key":"k","removed":true}}})"}));
  EXPECT_EQ(client->Say(R"({"id":5,"publish":{"channel":"scores:a","type":1,"key":"","data":1}})"),
            (Lines{R"({"id":5,"error":{"code":107,"message":"bad request"}})"}));
  EXPECT_EQ(client->Say(R"({"id":6,"publish":{"channel":"scores:a","data":1}})"),
            (Lines{R"({"id":6,"error":{"code":107,"message":"bad request"}})"}))
      << "a publication without a key has no place in a map";
}

TEST_F(MapTest, TheKeyIsWhatTheChannelSays) {
  const auto client = Connected();
  (void)client->Say(R"({"id":2,"subscribe":{"channel":"cursors:a","type":1,"phase":2}})");
  (void)client->Say(R"({"id":3,"publish":{"channel":"cursors:a","type":1,"key":"mine","data":1}})");
  EXPECT_EQ(State("cursors:a"), client->id() + "=1 ");
  (void)client->Say(R"({"id":4,"publish":{"channel":"mine:a","type":1,"key":"other","data":2}})");
  EXPECT_EQ(State("mine:a"), "u=2 ");
  const auto anonymous = bench_.Connect();
  (void)anonymous->Say(R"({"id":1,"connect":{}})");
  EXPECT_EQ(anonymous->Say(R"({"id":2,"publish":{"channel":"mine:a","type":1,"key":"u","data":3}})"),
            (Lines{R"({"id":2,"error":{"code":103,"message":"permission denied"}})"}));
}

TEST_F(MapTest, AnEphemeralOneHasNoPosition) {
  Put("cursors:a", "k", "1");
  const auto client = Connected();
  EXPECT_EQ(Plain(client->Say(R"({"id":2,"subscribe":{"channel":"cursors:a","type":1,"phase":2}})")),
            (Lines{R"({"id":2,"subscribe":{"epoch":"E","type":1,"state":[{"data":1,"key":"k"}]}})"}));
  Put("cursors:a", "k", "2");
  bench_.Turn();
  EXPECT_EQ(client->Hear(), (Lines{R"({"push":{"channel":"cursors:a","pub":{"data":2,"key":"k"}}})"}));
  EXPECT_EQ(client->Say(R"({"id":3,"subscribe":{"channel":"cursors:b","type":1,"phase":1,"recover":true}})"),
            (Lines{R"({"id":3,"error":{"code":107,"message":"bad request"}})"}));
  EXPECT_EQ(client->Say(R"({"id":4,"subscribe":{"channel":"cursors:b","type":1}})"),
            (Lines{R"({"id":4,"subscribe":{"type":1}})"}));
}

TEST_F(MapTest, AClientsKeyGoesWithIt) {
  auto client = Connected();
  (void)client->Say(R"({"id":2,"subscribe":{"channel":"cursors:a","type":1,"phase":2}})");
  (void)client->Say(R"({"id":3,"publish":{"channel":"cursors:a","type":1,"data":1}})");
  (void)client->Say(R"({"id":4,"unsubscribe":{"channel":"cursors:a"}})");
  EXPECT_EQ(State("cursors:a"), "");
  (void)client->Say(R"({"id":5,"subscribe":{"channel":"cursors:a","type":1,"phase":2}})");
  (void)client->Say(R"({"id":6,"publish":{"channel":"cursors:a","type":1,"data":1}})");
  EXPECT_NE(State("cursors:a"), "");
  client->HangUp();
  EXPECT_EQ(State("cursors:a"), "");
}

TEST_F(MapTest, RefusesWhatIsOutOfLine) {
  struct Case {
    const char* why;
    const char* subscribe;  // within {"channel":"scores:a",…}
    std::uint32_t code;
  };
  const Case cases[] = {
      {"a stream's subscribe", R"()", 103},
      {"another type", R"(,"type":2,"phase":2)", 103},
      {"an unknown type", R"(,"type":9,"phase":2)", 103},
      {"a cursor without a first page", R"(,"type":1,"phase":2,"cursor":"a")", 103},
      {"a stream page without a first page", R"(,"type":1,"phase":1,"offset":1)", 103},
      {"an unknown phase", R"(,"type":1,"phase":7)", 107},
      {"a filter", R"(,"type":1,"phase":2,"tf":{"op":"and"})", 107},
      {"another epoch", R"(,"type":1,"phase":2,"epoch":"other","offset":1)", 112},
      {"a bad token", R"(,"type":1,"phase":2,"token":"x")", 103},
      {"an offset that a page added to gives 0",
       R"(,"type":1,"phase":1,"recover":true,"offset":18446744073709551612,"limit":4)", 112},
      {"the highest offset", R"(,"type":1,"phase":1,"recover":true,"offset":18446744073709551615)", 112},
  };
  Put("scores:a", "k", "1");
  const auto client = Connected();
  for (const Case& c : cases) {
    SCOPED_TRACE(c.why);
    const Lines lines =
        client->Say(std::string(R"({"id":2,"subscribe":{"channel":"scores:a")") + c.subscribe + "}}");
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_TRUE(lines[0].starts_with(R"({"id":2,"error":{"code":)" + std::to_string(c.code))) << lines[0];
    EXPECT_EQ(client->session().subscriptions(), 0u);
  }
  EXPECT_EQ(client->Say(R"({"id":3,"subscribe":{"channel":"room:a","type":1,"phase":2}})"),
            (Lines{R"({"id":3,"error":{"code":103,"message":"permission denied"}})"}));
}

TEST_F(MapTest, WhateverPositionIsAskedForThereIsAnAnswer) {
  for (int n = 0; n < 12; ++n) Put("scores:a", "k", "1");
  const auto probe = Connected();
  const std::string epoch =
      EpochIn(probe->Say(R"({"id":2,"subscribe":{"channel":"scores:a","type":1,"phase":2}})"));
  const std::string epochs[] = {"", R"(,"epoch":"other")", R"(,"epoch":")" + epoch + '"'};
  std::vector<std::uint64_t> offsets{1ull << 31, 1ull << 32, (1ull << 63) - 1, 1ull << 63};
  for (const std::uint64_t n : {0ull, 1ull, 2ull, 3ull, 4ull, 8ull, 11ull, 12ull, 13ull})
    offsets.insert(offsets.end(), {n, ~n});
  const auto client = Connected();
  for (const std::string& with_epoch : epochs) {
    for (const std::uint64_t offset : offsets) {
      for (const int limit : {INT32_MIN, 0, 3, INT32_MAX}) {
        for (const char* how : {R"("phase":0)", R"("phase":0,"recover":true)", R"("phase":1)",
                                R"("phase":1,"recover":true)", R"("phase":2)", R"("phase":2,"cursor":"k")"}) {
          const std::string asked = how + (R"(,"limit":)" + std::to_string(limit)) + R"(,"offset":)" +
                                    std::to_string(offset) + with_epoch;
          ASSERT_EQ(
              client->Say(R"({"id":2,"subscribe":{"channel":"scores:a","type":1,)" + asked + "}}").size(), 1u)
              << asked;
          (void)client->Say(R"({"id":3,"unsubscribe":{"channel":"scores:a"}})");
        }
      }
    }
  }
  EXPECT_EQ(client->close_code(), 0u);
}

TEST_F(MapTest, ClearedWhileItsStreamIsReadIsUnrecoverable) {
  for (const char* key : {"a", "b", "c"}) Put("scores:a", key, "1");
  const auto client = Connected();
  (void)client->Say(R"({"id":2,"subscribe":{"channel":"scores:a","type":1,"phase":2,"limit":2}})");
  for (int n = 0; n < 9; ++n) Put("scores:a", "c", "2");
  const std::string page = R"("channel":"scores:a","type":1,"phase":1,"limit":2,"offset":)";
  EXPECT_EQ(Plain(client->Say(R"({"id":3,"subscribe":{)" + page + "3}}")),
            (Lines{R"({"id":3,"subscribe":{"epoch":"E","publications":[{"data":2,"offset":4,"key":"c"},)"
                   R"({"data":2,"offset":5,"key":"c"}],"offset":5,"type":1,"phase":1}})"}));
  Clear("scores:a");
  EXPECT_EQ(client->Say(R"({"id":4,"subscribe":{)" + page + "5}}"),
            (Lines{R"({"id":4,"error":{"code":112,"message":"unrecoverable position"}})"}));
}

// Another map, perhaps another caller's, has come in the place of the one that is being read.
TEST_F(MapTest, LaterPagesAreOfTheMapThatTheFirstWasOf) {
  for (const char* how : {R"("phase":2,"cursor":"b")", R"("phase":1,"offset":1)", R"("phase":1,"offset":9)",
                          R"("phase":0,"offset":9)"}) {
    for (const bool names_it : {false, true}) {
      SCOPED_TRACE(std::string(how) + (names_it ? " with the new epoch" : " without an epoch"));
      for (const char* key : {"a", "b", "c"}) Put("scores:a", key, "1");
      const auto client = Connected();
      (void)client->Say(R"({"id":2,"subscribe":{"channel":"scores:a","type":1,"phase":2,"limit":2}})");
      Clear("scores:a");
      for (int n = 0; n < 9; ++n) Put("scores:a", "z", "2");
      const auto probe = Connected();
      const std::string epoch =
          EpochIn(probe->Say(R"({"id":2,"subscribe":{"channel":"scores:a","type":1,"phase":2}})"));
      const std::string with = names_it ? R"(,"epoch":")" + epoch + '"' : "";
      EXPECT_EQ(client->Say(R"({"id":3,"subscribe":{"channel":"scores:a","type":1,"limit":2,)" +
                            (how + with) + "}}"),
                (Lines{R"({"id":3,"error":{"code":112,"message":"unrecoverable position"}})"}));
      EXPECT_EQ(client->session().subscriptions(), 0u);
      Clear("scores:a");
    }
  }
}

TEST_F(MapTest, PermissionMayBeForOneEpoch) {
  class ForOneEpoch final : public Authority {
   public:
    Task<Verdict<SubscribeTerms>> Authorize(SubscribeCall) override {
      co_return SubscribeTerms{.epoch = epoch};
    }
    std::string epoch;
  };
  Put("scores:a", "k", "1");
  const auto probe = Connected();
  ForOneEpoch authority;
  authority.epoch = EpochIn(probe->Say(R"({"id":2,"subscribe":{"channel":"scores:a","type":1,"phase":2}})"));
  bench_.context().authorities.Register("scores", authority);
  const auto subscribe = [&](const std::string& how) {
    const auto client = Connected();
    (void)client->Say(R"({"id":2,"subscribe":{"channel":"scores:a","type":1,)" + how + "}}");
    return client->session().subscriptions() == 1;
  };
  const std::string here = R"("offset":1,"epoch":")" + authority.epoch + '"';
  const std::string ways[] = {R"("phase":2)", R"("phase":0,)" + here, R"("phase":0,"recover":true,)" + here,
                              R"("phase":1,"recover":true,)" + here};
  for (const std::string& how : ways) EXPECT_TRUE(subscribe(how)) << how;
  authority.epoch = "other";
  for (const std::string& how : ways) EXPECT_FALSE(subscribe(how)) << how;
}

TEST_F(MapTest, OneIsReadOnceAtATime) {
  for (const char* key : {"a", "b", "c"}) Put("scores:a", key, "1");
  const auto client = Connected();
  const char* const first = R"({"id":2,"subscribe":{"channel":"scores:a","type":1,"phase":2,"limit":2}})";
  EXPECT_EQ(client->Say(first).size(), 1u);
  const char* const already = R"({"id":2,"error":{"code":105,"message":"already subscribed"}})";
  EXPECT_EQ(client->Say(first), Lines{already});
  EXPECT_EQ(client->Say(R"({"id":2,"subscribe":{"channel":"scores:a"}})"), Lines{already});
  EXPECT_EQ(client->Say(R"({"id":3,"unsubscribe":{"channel":"scores:a"}})"),
            (Lines{R"({"id":3,"unsubscribe":{}})"}));
  EXPECT_EQ(client->Say(first).size(), 1u);
  EXPECT_EQ(
      client->Say(R"({"id":4,"subscribe":{"channel":"scores:a","type":1,"phase":2,"cursor":"b"}})").size(),
      1u);
  EXPECT_EQ(client->session().subscriptions(), 1u);
  EXPECT_EQ(client->Say(first), Lines{already});
}

TEST_F(MapTest, WhoTakesTooLongIsSlow) {
  for (const char* key : {"a", "b", "c"}) Put("scores:a", key, "1");
  const auto client = Connected();
  (void)client->Say(R"({"id":2,"subscribe":{"channel":"scores:a","type":1,"phase":2,"limit":2}})");
  bench_.Advance(Seconds(6));
  (void)client->Say(R"({"id":3,"subscribe":{"channel":"scores:a","type":1,"phase":2,"cursor":"b"}})");
  EXPECT_EQ(client->close_code(), 3008u);
}

TEST_F(MapTest, TheServerEndsOneThatIsBeingRead) {
  for (const char* key : {"a", "b", "c"}) Put("scores:a", key, "1");
  const auto client = Connected();
  (void)client->Say(R"({"id":2,"subscribe":{"channel":"scores:a","type":1,"phase":2,"limit":2}})");
  control::Target target{.user = "u", .client = "", .session = "", .except_clients = {}};
  ASSERT_TRUE(bench_.Apply(target, control::Unsubscribe{.channel = "scores:a"}));
  EXPECT_EQ(
      client->Hear(),
      (Lines{
          R"({"push":{"channel":"scores:a","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}})"}));
  EXPECT_EQ(client->Say(R"({"id":3,"subscribe":{"channel":"scores:a","type":1,"phase":2,"cursor":"b"}})"),
            (Lines{R"({"id":3,"error":{"code":103,"message":"permission denied"}})"}));
}

// Gives permission when it is told to.
class HeldAuthority final : public Authority {
 public:
  explicit HeldAuthority(net::Loop& loop) : told_(loop) {}
  Task<Verdict<SubscribeTerms>> Authorize(SubscribeCall) override {
    (void)co_await told_;
    co_return SubscribeTerms{};
  }
  void GoOn() { told_.sender().Send(true); }

 private:
  net::Reply<bool> told_;
};

TEST_F(MapTest, TheServerEndsOneWhilePermissionIsAsked) {
  HeldAuthority authority(bench_.loop());
  bench_.context().authorities.Register("scores", authority);
  const auto client = Connected();
  EXPECT_EQ(client->Say(R"({"id":2,"subscribe":{"channel":"scores:a","type":1,"phase":2}})"), Lines{});
  control::Target target{.user = "u", .client = "", .session = "", .except_clients = {}};
  ASSERT_TRUE(bench_.Apply(target, control::Unsubscribe{.channel = "scores:a"}));
  EXPECT_EQ(
      client->Hear(),
      (Lines{
          R"({"push":{"channel":"scores:a","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}})"}));
  authority.GoOn();
  bench_.Turn();
  EXPECT_EQ(client->Hear(),
            (Lines{R"({"id":2,"error":{"code":100,"message":"internal server error","temporary":true}})"}));
  EXPECT_EQ(client->session().subscriptions(), 0u);
}

TEST_F(MapTest, WhoGivesPermissionTakesItsOwnTime) {
  for (const char* key : {"a", "b", "c"}) Put("scores:a", key, "1");
  HeldAuthority authority(bench_.loop());
  bench_.context().authorities.Register("scores", authority);
  const auto client = Connected();
  (void)client->Say(R"({"id":2,"subscribe":{"channel":"scores:a","type":1,"phase":2,"limit":2}})");
  bench_.Advance(Seconds(6));
  authority.GoOn();
  bench_.Turn();
  (void)client->Hear();
  EXPECT_EQ(
      client->Say(R"({"id":3,"subscribe":{"channel":"scores:a","type":1,"phase":2,"cursor":"b"}})").size(),
      1u);
  EXPECT_EQ(client->close_code(), 0u);
}

TEST_F(MapTest, CountsAgainstTheChannelLimitWhileItIsRead) {
  for (const char* key : {"a", "b", "c"}) Put("scores:a", key, "1");
  const auto client = Connected();
  (void)client->Say(R"({"id":2,"subscribe":{"channel":"scores:a","type":1,"phase":2,"limit":2}})");
  const std::size_t limit = bench_.context().settings->client.channel_limit;
  std::size_t subscribed = 0;
  for (std::size_t n = 0; n < limit; ++n) {
    const Lines lines =
        client->Say(R"({"id":3,"subscribe":{"channel":"plain:)" + std::to_string(n) + R"("}})");
    subscribed += lines.at(0).find("error") == std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(subscribed, limit - 1);
}

TEST_F(MapTest, TheServerDoesNotSubscribeClientsToIt) {
  const auto client = Connected();
  control::Target target{.user = "u", .client = "", .session = "", .except_clients = {}};
  (void)bench_.Apply(target, control::Subscribe{.channel = "scores:a"});
  EXPECT_EQ(client->session().subscriptions(), 0u);
  const auto asking = bench_.Connect();
  const Lines lines = asking->Say(R"({"id":1,"connect":{"token":")" + SessionBench::Token(R"({"sub":"u"})") +
                                  R"(","subs":{"scores:a":{}}}})");
  EXPECT_EQ(asking->session().subscriptions(), 0u);
  EXPECT_EQ(asking->close_code(), 0u);
  // Nor if its token names the map and the client asks for it as one.
  const std::string token = SessionBench::Token(R"({"sub":"u","subs":{"scores:a":{}}})");
  for (const char* sub : {"{}", R"({"type":1,"offset":0})", R"({"type":1,"phase":1,"recover":true})"}) {
    const auto named = bench_.Connect();
    (void)named->Say(R"({"id":1,"connect":{"token":")" + token + R"(","subs":{"scores:a":)" + sub + "}}}");
    EXPECT_TRUE(named->retired() || named->session().subscriptions() == 0) << sub;
  }
}

}  // namespace
}  // namespace tidemill::session
