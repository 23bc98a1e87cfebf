#include "realtime/session/track_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/next_turn.h"
#include "realtime/polls/poller.h"
#include "realtime/polls/signature.h"
#include "realtime/session/testing/session_fixture.h"

namespace tidemill::session {
namespace {

BenchSettings SettingsWithPolls() {
  BenchSettings settings = TestSettings();
  settings.client.ping_interval = Hours(1);
  channels::ChannelOptions options{.allow_subscribe_for_client = true,
                                   .allowed_delta_types = {"fossil"},
                                   .subscription_type = "shared_poll"};
  options.poll.refresh_interval = Seconds(2);
  options.poll.refresh_batch_size = 3;
  options.poll.max_keys_per_connection = 4;
  settings.channel.namespaces["poll"] = options;
  options.poll.mode = "versioned";
  settings.channel.namespaces["versioned"] = options;
  return settings;
}

// What the service knows; it answers in the next turn.
struct FakeSource final : polls::Source {
  explicit FakeSource(net::Loop& of) : loop(of) {}

  Task<std::optional<polls::Answer>> Poll(polls::Question question) override {
    std::string asked;
    for (const polls::Asked& item : question.items) {
      asked += (asked.empty() ? "" : " ") + item.key;
      if (question.versioned) asked += "@" + std::to_string(item.version);
    }
    questions.push_back(asked);
    co_await net::NextTurn(loop);
    if (away) co_return std::nullopt;
    polls::Answer answer{.items = {}, .epoch = epoch};
    for (const polls::Asked& item : question.items) {
      const auto found = items.find(item.key);
      if (found == items.end()) continue;
      answer.items.push_back(found->second);
      answer.items.back().key = item.key;
      answer.items.back().data_is_json = true;
    }
    co_return answer;
  }

  net::Loop& loop;
  bool away = false;
  std::string epoch;
  std::map<std::string, polls::Item> items;
  std::vector<std::string> questions;
};

class TrackKeysTest : public SessionTest {
 protected:
  static constexpr char kPollSecret[] = "poll secret";

  explicit TrackKeysTest(const polls::PollSettings& limits = {})
      : SessionTest(SettingsWithPolls()),
        loops_({&bench_.loop()}, limits, registry_),
        polls_(bench_.loop(), bench_.context().hub, loops_, 0),
        poller_({.loop = bench_.loop(),
                 .loops = loops_,
                 .scope = scope_,
                 .rules = [this]() -> const channels::Rules& { return *bench_.context().settings->rules; },
                 .source = &source_}) {
    loops_.Join(0, polls_, poller_);
    bench_.context().polls = &polls_;
    auto settings = std::make_shared<SessionSettings>(*bench_.context().settings);
    settings->polls.hmac_secret_key.value = kPollSecret;
    bench_.context().settings = std::move(settings);
  }

  void Knows(const std::string& key, std::string data, std::uint64_t version = 0) {
    source_.items[key] = {.key = key, .data = std::move(data), .version = version};
  }
  std::unique_ptr<TestClient> Subscribed(std::string_view channel, std::string_view more = "") {
    auto client = Connected();
    client->Hear();
    reply_ = client
                 ->Say(R"({"id":2,"subscribe":{"channel":")" + std::string(channel) + R"(","type":4)" +
                       std::string(more) + "}}")
                 .at(0);
    return client;
  }
  std::string Signature(const std::vector<std::string>& keys, std::string_view channel,
                        std::int64_t expires_in = 0, std::string_view user = "u") {
    const std::int64_t now = bench_.WallSeconds();
    return polls::Sign(kPollSecret, now, expires_in == 0 ? 0 : now + expires_in,
                       {.user = user, .channel = channel, .keys = keys});
  }
  // {key, version} each; a version of 0 is not said.
  std::string TrackFrame(std::string_view channel, const std::vector<std::pair<std::string, int>>& items,
                         std::int64_t expires_in = 0, std::string_view more = "") {
    std::string list;
    std::vector<std::string> keys;
    for (const auto& [key, version] : items) {
      keys.push_back(key);
      list += (list.empty() ? R"({"key":")" : R"(,{"key":")") + key + '"';
      if (version > 0) list += R"(,"version":)" + std::to_string(version);
      list += '}';
    }
    return R"({"id":3,"sub_refresh":{"channel":")" + std::string(channel) +
           R"(","type":1,"track":[{"signature":")" + Signature(keys, channel, expires_in) + R"(","items":[)" +
           list + "]}]" + std::string(more) + "}}";
  }
  Lines Turns(TestClient& client, int turns = 5) {
    Lines all;
    for (int i = 0; i < turns; ++i) {
      bench_.Advance(Milliseconds(20));  // a tick of the timers
      std::ranges::copy(client.Hear(), std::back_inserter(all));
    }
    return all;
  }
  Lines After(TestClient& client, Duration time) {
    bench_.Advance(time);
    return Turns(client);
  }

  metrics::Registry registry_;
  polls::PollLoops loops_;
  polls::Polls polls_;
  FakeSource source_{bench_.loop()};
  polls::Poller poller_;
  std::string reply_;
  TaskScope scope_;
};

std::string Push(const std::string& channel, const std::string& pub) {
  return R"({"push":{"channel":")" + channel + R"(","pub":)" + pub + "}}";
}

// With the version that the server makes taken out.
std::string WithoutVersion(std::string line) {
  const std::size_t at = line.find(",\"version\":");
  if (at == std::string::npos) return line;
  const std::size_t end = line.find_first_of(",}", at + 1);
  return line.erase(at, end - at);
}

TEST_F(TrackKeysTest, NoNameOfAChannelIsAKeyThatOthersTrack) {
  Knows("a", "1", 1);
  auto client = Subscribed("versioned:x");
  client->Say(TrackFrame("versioned:x", {{"a", 0}}));
  auto other = Subscribed(R"(versioned:x\u0000a)");
  EXPECT_EQ(reply_, R"({"id":2,"subscribe":{"type":4}})");
  EXPECT_EQ(Turns(*client).size(), 1u);
  EXPECT_EQ(Turns(*other), Lines{});
}

TEST_F(TrackKeysTest, WhatHasNoDataIsAskedForAtOnceAndThenAtEachInterval) {
  Knows("a", R"({"n":1})", 5);
  auto client = Subscribed("versioned:x");
  EXPECT_EQ(reply_, R"({"id":2,"subscribe":{"type":4}})");
  EXPECT_EQ(client->Say(TrackFrame("versioned:x", {{"a", 0}, {"b", 0}})),
            Lines{R"({"id":3,"sub_refresh":{}})"});
  EXPECT_EQ(Turns(*client), Lines{Push("versioned:x", R"({"data":{"n":1},"key":"a","version":5})")});
  EXPECT_EQ(source_.questions, Lines{"a@0 b@0"});

  EXPECT_EQ(After(*client, Seconds(2)), Lines{}) << "nothing has changed";
  EXPECT_EQ(source_.questions, (Lines{"a@0 b@0", "a@5 b@0"}));
  Knows("a", R"({"n":2})", 6);
  Knows("b", R"({"m":1})", 1);
  Lines both = After(*client, Seconds(2));
  std::ranges::sort(both);
  EXPECT_EQ(both, (Lines{Push("versioned:x", R"({"data":{"m":1},"key":"b","version":1})"),
                         Push("versioned:x", R"({"data":{"n":2},"key":"a","version":6})")}));
  Knows("a", R"({"n":0})", 4);
  EXPECT_EQ(After(*client, Seconds(2)), Lines{}) << "an older version is no change";
}

TEST_F(TrackKeysTest, WithoutVersionsOtherDataAreAChange) {
  Knows("a", "1");
  auto client = Subscribed("poll:x");
  EXPECT_EQ(reply_, R"({"id":2,"subscribe":{"epoch":")" + loops_.own_epoch() + R"(","type":4}})");
  client->Say(TrackFrame("poll:x", {{"a", 0}}));
  const Lines first = Turns(*client);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(WithoutVersion(first[0]), Push("poll:x", R"({"data":1,"key":"a"})"));
  EXPECT_NE(first[0], WithoutVersion(first[0])) << "the server makes one";
  EXPECT_EQ(After(*client, Seconds(4)), Lines{});
  Knows("a", "2");
  const Lines second = After(*client, Seconds(2));
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(WithoutVersion(second[0]), Push("poll:x", R"({"data":2,"key":"a"})"));
  EXPECT_GT(second[0], first[0]) << "later versions are larger";
  EXPECT_EQ(source_.questions.front(), "a") << "no version is told";
}

TEST_F(TrackKeysTest, OneQuestionIsForAllWhoTrackAndANewOneIsGivenWhatIsKnown) {
  Knows("a", "1", 1);
  auto one = Subscribed("versioned:x");
  one->Say(TrackFrame("versioned:x", {{"a", 0}}));
  Turns(*one);
  auto two = Subscribed("versioned:x");
  EXPECT_EQ(two->Say(TrackFrame("versioned:x", {{"a", 0}})),
            Lines{R"({"id":3,"sub_refresh":{"items":[{"data":1,"key":"a","version":1}]}})"});
  auto has_it = Subscribed("versioned:x");
  EXPECT_EQ(has_it->Say(TrackFrame("versioned:x", {{"a", 1}})), Lines{R"({"id":3,"sub_refresh":{}})"});
  EXPECT_EQ(source_.questions.size(), 1u);

  Knows("a", "2", 2);
  bench_.Advance(Seconds(2));
  const Lines change = {Push("versioned:x", R"({"data":2,"key":"a","version":2})")};
  EXPECT_EQ(Turns(*one), change);
  EXPECT_EQ(Turns(*two), change);
  EXPECT_EQ(Turns(*has_it), change);
  EXPECT_EQ(source_.questions.size(), 2u);
}

TEST_F(TrackKeysTest, WhoIsAheadOfWhatIsKnownIsSentNothingOlder) {
  Knows("a", "3", 3);
  auto client = Subscribed("versioned:x");
  client->Say(TrackFrame("versioned:x", {{"a", 5}}));
  EXPECT_EQ(Turns(*client), Lines{});
  EXPECT_EQ(source_.questions, Lines{}) << "it has data: the next interval will do";
  EXPECT_EQ(After(*client, Seconds(2)), Lines{});
  Knows("a", "5", 5);
  EXPECT_EQ(After(*client, Seconds(2)), Lines{}) << "it has that one";
  Knows("a", "6", 6);
  EXPECT_EQ(After(*client, Seconds(2)), Lines{Push("versioned:x", R"({"data":6,"key":"a","version":6})")});
}

TEST_F(TrackKeysTest, KeysAreAskedAboutInBatchesOverTheInterval) {
  auto one = Subscribed("versioned:x");
  one->Say(TrackFrame("versioned:x", {{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}}));
  bench_.Advance(Milliseconds(500));
  EXPECT_EQ(source_.questions, Lines{});
  bench_.Advance(Seconds(2));
  EXPECT_EQ(source_.questions, Lines{"a@0 b@0 c@0"});
  bench_.Advance(Seconds(1));
  EXPECT_EQ(source_.questions, (Lines{"a@0 b@0 c@0", "d@0"}));
  bench_.Advance(Seconds(1));
  EXPECT_EQ(source_.questions, (Lines{"a@0 b@0 c@0", "d@0", "a@0 b@0 c@0"}));
}

TEST_F(TrackKeysTest, AKeyThatNobodyTracksIsAskedAboutNoMore) {
  auto client = Subscribed("versioned:x");
  client->Say(TrackFrame("versioned:x", {{"a", 1}, {"b", 1}}));
  EXPECT_EQ(client->Say(R"({"id":4,"sub_refresh":{"channel":"versioned:x","type":2,"untrack":["a"]}})"),
            Lines{R"({"id":4,"sub_refresh":{}})"});
  bench_.Advance(Seconds(3));
  EXPECT_EQ(source_.questions.back(), "b@0");
  client->Say(R"({"id":5,"unsubscribe":{"channel":"versioned:x"}})");
  bench_.Advance(Seconds(3));
  const std::size_t asked = source_.questions.size();
  bench_.Advance(Seconds(10));
  EXPECT_EQ(source_.questions.size(), asked);
  EXPECT_EQ(poller_.channels(), 0u);
  EXPECT_EQ(polls_.keys(), 0u);
  EXPECT_TRUE(registry_.Text().contains("tidemill_shared_poll_tracked 0\n"));
  EXPECT_TRUE(registry_.Text().contains("tidemill_shared_poll_keys 0\n"));
}

TEST_F(TrackKeysTest, ARemovedKeyIsToldToAllAndTrackedNoMore) {
  Knows("a", "1", 1);
  auto one = Subscribed("versioned:x");
  one->Say(TrackFrame("versioned:x", {{"a", 0}}));
  Turns(*one);
  auto ahead = Subscribed("versioned:x");
  ahead->Say(TrackFrame("versioned:x", {{"a", 7}}));
  source_.items["a"] = {.key = "a", .removed = true};
  bench_.Advance(Seconds(2));
  const Lines removal = {Push("versioned:x", R"({"key":"a","removed":true})")};
  EXPECT_EQ(Turns(*one), removal);
  EXPECT_EQ(Turns(*ahead), removal);
  EXPECT_EQ(polls_.keys(), 0u);
  EXPECT_EQ(poller_.channels(), 0u);
  Knows("a", "9", 9);
  EXPECT_EQ(After(*one, Seconds(4)), Lines{});
  one->Say(TrackFrame("versioned:x", {{"a", 0}}));
  EXPECT_EQ(Turns(*one), Lines{Push("versioned:x", R"({"data":9,"key":"a","version":9})")})
      << "until it is again";
}

TEST_F(TrackKeysTest, AnotherEpochEndsSubscriptionsSoThatTheySubscribeAnew) {
  Knows("a", "1", 10);
  source_.epoch = "first";
  auto client = Subscribed("versioned:x");
  client->Say(TrackFrame("versioned:x", {{"a", 0}}));
  EXPECT_EQ(Turns(*client).back(),
            R"({"push":{"channel":"versioned:x","unsubscribe":{"code":2500,"reason":"insufficient state"}}})")
      << "it had subscribed without one";
  EXPECT_EQ(client->Say(R"({"id":2,"subscribe":{"channel":"versioned:x","type":4}})"),
            Lines{R"({"id":2,"subscribe":{"epoch":"first","type":4}})"});
  EXPECT_EQ(client->Say(TrackFrame("versioned:x", {{"a", 0}})),
            Lines{R"({"id":3,"sub_refresh":{"items":[{"data":1,"key":"a","version":10}]}})"});
  source_.epoch = "second";
  Knows("a", "2", 1);
  EXPECT_EQ(
      After(*client, Seconds(2)).back(),
      R"({"push":{"channel":"versioned:x","unsubscribe":{"code":2500,"reason":"insufficient state"}}})");
  EXPECT_EQ(client->Say(R"({"id":2,"subscribe":{"channel":"versioned:x","type":4}})"),
            Lines{R"({"id":2,"subscribe":{"epoch":"second","type":4}})"});
  EXPECT_EQ(client->Say(TrackFrame("versioned:x", {{"a", 0}})),
            Lines{R"({"id":3,"sub_refresh":{"items":[{"data":2,"key":"a","version":1}]}})"})
      << "a lower version of the new one";
}

TEST_F(TrackKeysTest, ASignatureExpiresAndItsKeysAfterIt) {
  auto client = Subscribed("versioned:x");
  EXPECT_EQ(client->Say(TrackFrame("versioned:x", {{"a", 0}}, 60)),
            Lines{R"({"id":3,"sub_refresh":{"expires":true,"ttl":60}})"});
  bench_.Advance(Seconds(80));
  EXPECT_EQ(polls_.keys(), 1u) << "track_expired_extra_delay";
  bench_.Advance(Seconds(10));
  EXPECT_EQ(polls_.keys(), 0u);
  const std::string late = TrackFrame("versioned:x", {{"b", 0}}, -6);
  EXPECT_EQ(client->Say(late), Lines{R"({"id":3,"error":{"code":109,"message":"token expired"}})"});
}

TEST_F(TrackKeysTest, AnotherSignatureProlongsWhatIsTracked) {
  Knows("a", "1", 1);
  auto client = Subscribed("versioned:x");
  client->Say(TrackFrame("versioned:x", {{"a", 0}}, 60));
  Turns(*client);
  bench_.Advance(Seconds(50));
  EXPECT_EQ(client->Say(TrackFrame("versioned:x", {{"a", 1}}, 60)),
            Lines{R"({"id":3,"sub_refresh":{"expires":true,"ttl":60}})"});
  bench_.Advance(Seconds(50));
  EXPECT_EQ(polls_.keys(), 1u);
}

TEST_F(TrackKeysTest, RefusesByName) {
  auto client = Subscribed("versioned:x");
  const auto track = [&](std::string_view signature, std::string_view items) {
    return client->Say(R"({"id":3,"sub_refresh":{"channel":"versioned:x","type":1,"track":[{"signature":")" +
                       std::string(signature) + R"(","items":[)" + std::string(items) + "]}]}}");
  };
  const auto error = [](std::string_view code, std::string_view message) {
    return Lines{R"({"id":3,"error":{"code":)" + std::string(code) + R"(,"message":")" +
                 std::string(message) + "\"}}"};
  };
  EXPECT_EQ(track(Signature({"a"}, "versioned:x"), R"({"key":"b"})"), error("103", "permission denied"));
  EXPECT_EQ(track(Signature({"a"}, "versioned:y"), R"({"key":"a"})"), error("103", "permission denied"));
  EXPECT_EQ(track(Signature({"a"}, "versioned:x", 0, "v"), R"({"key":"a"})"),
            error("103", "permission denied"));
  EXPECT_EQ(track("", R"({"key":"a"})"), error("103", "permission denied"));
  EXPECT_EQ(track(Signature({""}, "versioned:x"), R"({"key":""})"), error("107", "bad request"));
  EXPECT_EQ(track(Signature({}, "versioned:x"), ""), error("107", "bad request"));
  EXPECT_EQ(client->Say(R"({"id":3,"sub_refresh":{"channel":"versioned:x","type":1}})"),
            error("107", "bad request"));
  EXPECT_EQ(client->Say(R"({"id":3,"sub_refresh":{"channel":"versioned:x","type":7}})"),
            error("107", "bad request"));
  EXPECT_EQ(client->Say(R"({"id":3,"sub_refresh":{"channel":"plain:x","type":2,"untrack":["a"]}})"),
            error("103", "permission denied"));
  client->Say(R"({"id":3,"subscribe":{"channel":"plain:x"}})");
  EXPECT_EQ(client->Say(R"({"id":3,"sub_refresh":{"channel":"plain:x","type":2,"untrack":["a"]}})"),
            error("108", "not available"));
  EXPECT_EQ(client->Say(R"({"id":3,"subscribe":{"channel":"plain:y","type":4}})"),
            error("103", "permission denied"));
  EXPECT_EQ(client->Say(R"({"id":3,"subscribe":{"channel":"versioned:y"}})"),
            error("103", "permission denied"));
  EXPECT_EQ(client->Say(R"({"id":3,"publish":{"channel":"versioned:x","data":{}}})"),
            error("107", "bad request"));
  EXPECT_EQ(polls_.keys(), 0u);
}

TEST_F(TrackKeysTest, AConnectionTracksSoManyKeysAndNoMore) {
  auto client = Subscribed("versioned:x");
  EXPECT_EQ(client->Say(TrackFrame("versioned:x", {{"a", 0}, {"b", 0}, {"c", 0}})).size(), 1u);
  const std::string refused = R"({"id":3,"error":{"code":106,"message":"limit exceeded: )"
                              R"(shared_poll.max_keys_per_connection of the channel is reached"}})";
  EXPECT_EQ(client->Say(TrackFrame("versioned:x", {{"d", 0}, {"e", 0}})), Lines{refused});
  EXPECT_EQ(polls_.keys(), 3u) << "all of them or none";
  EXPECT_EQ(client->Say(TrackFrame("versioned:x", {{"d", 0}, {"e", 0}}, 0, R"(,"untrack":["a"])")),
            Lines{R"({"id":3,"sub_refresh":{}})"});
  EXPECT_EQ(client->Say(TrackFrame("versioned:x", {{"b", 0}, {"c", 0}})),
            Lines{R"({"id":3,"sub_refresh":{}})"})
      << "they are tracked already";
}

TEST_F(TrackKeysTest, WithoutAnAnswerItIsAskedAgainAtTheNextInterval) {
  source_.away = true;
  auto client = Subscribed("versioned:x");
  client->Say(TrackFrame("versioned:x", {{"a", 0}}));
  Turns(*client);
  EXPECT_EQ(source_.questions.size(), 1u);
  source_.away = false;
  Knows("a", "1", 1);
  EXPECT_EQ(After(*client, Seconds(2)), Lines{Push("versioned:x", R"({"data":1,"key":"a","version":1})")});
}

TEST_F(TrackKeysTest, DeltasAreOfTheKeysOwnData) {
  const std::string before = R"({"text":")" + std::string(200, 'x') + R"(","n":1})";
  const std::string after = R"({"text":")" + std::string(200, 'x') + R"(","n":2})";
  Knows("a", before, 1);
  Knows("b", R"("b")", 1);
  auto client = Subscribed("versioned:x", R"(,"delta":"fossil")");
  EXPECT_EQ(reply_, R"({"id":2,"subscribe":{"delta":true,"type":4}})");
  client->Say(TrackFrame("versioned:x", {{"a", 0}, {"b", 0}}));
  EXPECT_EQ(Turns(*client).size(), 2u);
  Knows("a", after, 2);
  const Lines change = After(*client, Seconds(2));
  ASSERT_EQ(change.size(), 1u);
  EXPECT_TRUE(change[0].contains(R"("delta":true,"key":"a","version":2)")) << change[0];
  EXPECT_LT(change[0].size(), 150u);
  auto late = Subscribed("versioned:x", R"(,"delta":"fossil")");
  EXPECT_TRUE(late->Say(TrackFrame("versioned:x", {{"b", 0}}))[0].contains(
      R"({"data":"\"b\"","key":"b","version":1})"));
}

class FewKeysTest : public TrackKeysTest {
 protected:
  FewKeysTest() : TrackKeysTest({.keys_max = 2, .tracked_max = 3, .data_max_size = 1000}) {}
};

TEST_F(FewKeysTest, ANodeTracksSoManyKeysAndKeepsSoMuchOfThem) {
  const std::string refused = R"({"id":3,"error":{"code":106,"message":"limit exceeded: )"
                              R"(the keys that this node's clients may track are used up"}})";
  Knows("a", "1", 1);
  auto one = Subscribed("versioned:x");
  one->Say(TrackFrame("versioned:x", {{"a", 0}, {"b", 0}}));
  EXPECT_EQ(one->Say(TrackFrame("versioned:x", {{"c", 0}})), Lines{refused});
  auto two = Subscribed("versioned:x");
  EXPECT_EQ(two->Say(TrackFrame("versioned:x", {{"a", 0}, {"b", 0}})), Lines{refused});
  EXPECT_EQ(two->Say(TrackFrame("versioned:x", {{"b", 0}})), Lines{R"({"id":3,"sub_refresh":{}})"});
  Knows("a", "\"" + std::string(1000, 'x') + "\"", 2);
  Turns(*one);
  EXPECT_EQ(After(*one, Seconds(2)), Lines{}) << "it is not taken";
  Knows("a", "3", 3);
  EXPECT_EQ(After(*one, Seconds(2)), Lines{Push("versioned:x", R"({"data":3,"key":"a","version":3})")});
  const std::string text = registry_.Text();
  EXPECT_TRUE(text.contains(R"(tidemill_shared_poll_refused_total{limit="shared_poll.keys_max"} 1)")) << text;
  EXPECT_TRUE(text.contains(R"(tidemill_shared_poll_refused_total{limit="shared_poll.tracked_max"} 1)"));
  EXPECT_FALSE(text.contains(R"(tidemill_shared_poll_refused_total{limit="shared_poll.data_max_size"} 0)"));
}

TEST_F(TrackKeysTest, ARemovalIsToldToThoseWhoAreLeftWhenAnotherHasGone) {
  Knows("a", "1", 1);
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(Subscribed("versioned:x"));
    clients.back()->Say(TrackFrame("versioned:x", {{"a", 0}}));
  }
  Turns(*clients[0]);
  source_.items["a"] = {.key = "a", .removed = true};
  bench_.Advance(Seconds(2));
  clients[1].reset();
  for (const int i : {0, 2}) {
    const Lines told = Turns(*clients[static_cast<std::size_t>(i)]);
    EXPECT_NE(std::ranges::find(told, Push("versioned:x", R"({"key":"a","removed":true})")), told.end());
  }
}

// The poller has told that the key is removed, and heard afterwards that somebody tracks it.
TEST_F(TrackKeysTest, AKeyWhoseRemovalCrossesItsTrackingIsAskedAboutNoMore) {
  auto client = Subscribed("versioned:x");
  client->Say(TrackFrame("versioned:x", {{"a", 1}}));
  Turns(*client);
  ASSERT_EQ(poller_.channels(), 1u);
  auto removal = std::make_shared<protocol::Publication>();
  removal->key = "a";
  removal->removed = true;
  polls_.Take({.channel = "versioned:x", .epoch = "", .changes = {removal}});
  EXPECT_EQ(Turns(*client), Lines{Push("versioned:x", R"({"key":"a","removed":true})")});
  EXPECT_EQ(polls_.keys(), 0u);
  EXPECT_EQ(poller_.channels(), 0u);
  const std::size_t asked = source_.questions.size();
  bench_.Advance(Seconds(10));
  EXPECT_EQ(source_.questions.size(), asked);
}

TEST_F(TrackKeysTest, AKeyThatIsTrackedAgainWhileItIsIdleGoesAfterTheLast) {
  auto client = Subscribed("versioned:x");
  for (int i = 0; i < 3; ++i) {
    client->Say(TrackFrame("versioned:x", {{"a", 1}, {"b", 1}}));
    client->Say(R"({"id":4,"sub_refresh":{"channel":"versioned:x","type":2,"untrack":["a"]}})");
  }
  client->Say(R"({"id":5,"unsubscribe":{"channel":"versioned:x"}})");
  EXPECT_EQ(polls_.keys(), 2u);
  bench_.Advance(Seconds(10));
  EXPECT_EQ(polls_.keys(), 0u);
  EXPECT_EQ(poller_.channels(), 0u);
}

}  // namespace
}  // namespace tidemill::session
